import { assert, describe, it } from "@effect/vitest"
import { runMain, startMain } from "./support/runMain.ts"

describe.concurrent("the demo", () => {
  it("runs the tour to its end, with plain text where there is no terminal", async () => {
    const { status, stderr, stdout } = await runMain([])
    assert.strictEqual(status, 0)
    assert.strictEqual(stderr, "")
    assert.include(stdout, "Loaded 135,233 cities")
    assert.match(stdout, /Tokyo, cold .* database/)
    assert.match(stdout, /Tokyo, warm .* cache /)
    assert.match(stdout, /Tokyo, at once +14,187,176 people +database/)
    assert.match(stdout, /Tokyo, again +14,187,176 people +cache/)
    assert.match(stdout, /A client that asks too much +limited, again in/)
    assert.match(stdout, /city +\d+ +\d+ +0 +9\d\.\d %/)
    assert.include(stdout, "Every request was answered")
    assert.notInclude(stdout, "\u001b")
  })

  it("serves until it is told to stop, and then ends with status 0", async () => {
    const { child, ended, line } = startMain(["serve"], { PORT: "0" })
    const [, url] = await line(/Listening on (\S+)/)
    const response = await fetch(`${url}/cities/1850147`)
    assert.strictEqual(response.status, 200)
    assert.strictEqual(((await response.json()) as { name: string }).name, "Tokyo")
    const metrics = await (await fetch(`${url}/metrics`)).text()
    assert.include(metrics, 'db_client_operation_duration_seconds_count{db_system_name="memory",db_namespace="demo"')
    assert.match(metrics, /^hexcache_cached_reads\{.*namespace="city",hexcache_result="miss"\} 1$/m)
    child.kill("SIGTERM")
    const { status, stderr } = await ended
    assert.strictEqual(status, 0)
    assert.strictEqual(stderr, "")
  })

  it("prints its usage for other arguments and ends with status 2", async () => {
    const { status, stderr, stdout } = await runMain(["sevre"])
    assert.strictEqual(status, 2)
    assert.strictEqual(stdout, "")
    assert.match(stderr, /^Usage: pnpm demo/)
  })

  for (const [settings, message] of [
    [{ CACHE: "redis", REDIS_URL: "http://user:secret@host" }, /^[^\n]*url is redis[^\n]*\n$/],
    [{ CACHE: "memcached" }, /^Expected "memory" \| "redis" at \["CACHE"\]\n$/]
  ] as const) {
    it(`refuses ${JSON.stringify(settings)} in one line, with status 1`, async () => {
      const { status, stderr } = await runMain([], settings)
      assert.strictEqual(status, 1)
      assert.match(stderr, message)
      assert.notInclude(stderr, "secret")
    })
  }
})
