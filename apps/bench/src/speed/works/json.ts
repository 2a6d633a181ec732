import type { Contestant } from "../Contestant.ts"
import { onRedis } from "../entrants.ts"
import { each } from "../measure.ts"
import { documentOf, expectSame, keysOf, needed, ttl } from "../values.ts"
import type { Task, Work } from "../Work.ts"

const shared = {
  variants: [{ inFlight: 64 }],
  needs: ["getJson", "setJson"],
  entrants: onRedis,
  baseline: "node-redis"
} as const

export const getJson: Work = {
  ...shared,
  name: "getJson",
  title: "getJson of 1 KB",
  start: async (contestant, _, place) => {
    const keys = keysOf(place)
    await each(contestant, keys.length, writing(contestant, keys))
    return reading(contestant, keys)
  }
}

export const setJson: Work = {
  ...shared,
  name: "setJson",
  title: "setJson of 1 KB",
  start: async (contestant, _, place) => {
    const keys = keysOf(place)
    const task = writing(contestant, keys)
    await each(contestant, keys.length, task)
    return { ...task, after: () => each(contestant, keys.length, reading(contestant, keys)) }
  }
}

const writing = (contestant: Contestant, keys: ReadonlyArray<string>): Task => {
  const documents = keys.map((_, id) => documentOf(id))
  const { ask } = needed(contestant, "setJson")
  return {
    ask: (turn) => {
      const at = turn % keys.length
      return ask(keys[at] as string, documents[at] as (typeof documents)[number], ttl)
    },
    check: () => {}
  }
}

const reading = (contestant: Contestant, keys: ReadonlyArray<string>): Task => {
  const { ask, read } = needed(contestant, "getJson")
  const texts = keys.map((_, id) => documentOf(id).text)
  return {
    ask: (turn) => ask(keys[turn % keys.length] as string),
    check: (turn, answer) => {
      const at = turn % keys.length
      const document = read(answer)
      expectSame(keys[at] as string, document?.id, at)
      expectSame(keys[at] as string, document?.text, texts[at])
    }
  }
}
