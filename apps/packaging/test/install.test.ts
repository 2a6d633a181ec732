import { assert, test } from "vitest"
import { installArguments } from "../src/install.ts"

const packages = [
  { tarball: "port.tgz", manifest: { name: "@hexcache/cache-port", peerDependencies: { effect: "^4.1.0" } } },
  {
    tarball: "cached.tgz",
    manifest: { name: "@hexcache/cached", peerDependencies: { "@hexcache/cache-port": "^1.0.0" } }
  },
  {
    tarball: "promise.tgz",
    manifest: { name: "@hexcache/cache-promise", dependencies: { "@hexcache/cached": "^1.0.0" } }
  },
  {
    tarball: "redis.tgz",
    manifest: { name: "@hexcache/cache-redis", peerDependencies: { "@hexcache/cache-port": "^1.0.0" } }
  }
]

test("a package is installed with all that it requires, each once", () => {
  const line = installArguments(packages, ["cache-promise", "@hexcache/cached"])
  assert.deepStrictEqual(line, ["install", "effect", "port.tgz", "cached.tgz", "promise.tgz"])
})

test("all packages are installed where none is named", () => {
  assert.strictEqual(installArguments(packages).length, 2 + packages.length)
})

test("a name that no package has is refused", () => {
  assert.throws(() => installArguments(packages, ["cache-rediss"]), "There is no package @hexcache/cache-rediss")
})
