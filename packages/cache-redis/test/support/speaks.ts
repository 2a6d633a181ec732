import { assert } from "@effect/vitest"

/** Asserts the version of the protocol of a client in CLIENT LIST, which shows it from Redis 7.0 on. */
export const assertSpeaks = (protocol: 2 | 3, client: string, clients: string): void => {
  const [line] = clients.split("\n").filter((line) => line.includes(`${client} `))
  assert.isDefined(line)
  assert.notInclude(line, ` resp=${protocol === 2 ? 3 : 2}`)
}
