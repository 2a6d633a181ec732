import type { Contestant, Document, Operations, Place } from "./Contestant.ts"
import { each } from "./measure.ts"
import type { Task } from "./Work.ts"

/** One hour, so that nothing expires in a run. */
export const ttl = 3_600_000

/** The number of written values that are read back after a run. */
export const verified = 2_000

/** The number of keys: more than are in flight, so that no key is in flight twice. */
export const keyCount = 2_000

export const keysOf = ({ prefix }: Place, count = keyCount): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`)

/** A text of its own for each key. */
export const valueOf = (key: string, size: number): string => key.padEnd(size, ".")

/** About 1 KB as JSON. */
export const documentOf = (id: number): Document => ({
  id,
  name: `Document number ${id}`,
  tags: ["first", "second", "third", `${id % 7}`],
  address: { street: `${id} Long Street`, city: "Springfield" },
  text: `${id} `.padEnd(840, "lorem ipsum ")
})

/** The operation, which the work said it needs. */
export const needed = <Name extends keyof Operations>({ operations }: Contestant, name: Name): Operations[Name] => {
  const found = operations[name]
  if (found === undefined) throw new Error(`There is no ${name}`)
  return found
}

/** Ends the bench where an answer is not what was stored. */
export const expectSame = (key: string, answer: unknown, stored: unknown): void => {
  if (answer !== stored) throw new Error(`${key} reads as ${show(answer)} instead of ${show(stored)}`)
}

const show = (value: unknown): string => String(value).slice(0, 40)

/** Stores values by the contestant's own `set`. */
export const store = (
  contestant: Contestant,
  keys: ReadonlyArray<string>,
  values: ReadonlyArray<string>
): Promise<void> => {
  const { ask } = needed(contestant, "set")
  return each(contestant, keys.length, {
    ask: (turn) => ask(keys[turn] as string, values[turn] as string, ttl),
    check: () => {}
  })
}

/** Reads the values round and round, and verifies each. */
export const reads = (
  contestant: Contestant,
  keys: ReadonlyArray<string>,
  values: ReadonlyArray<string>,
  { ask, read } = needed(contestant, "get")
): Task => ({
  ask: (turn) => ask(keys[turn % keys.length] as string),
  check: (turn, answer) => {
    const at = turn % keys.length
    expectSame(keys[at] as string, read(answer), values[at])
  }
})

/** Writes the values round and round, and verifies the first of them after every run. */
export const writes = (
  contestant: Contestant,
  keys: ReadonlyArray<string>,
  values: ReadonlyArray<string>,
  { ask } = needed(contestant, "set")
): Task => {
  let written = 0
  return {
    ask: (turn) => {
      const at = turn % keys.length
      return ask(keys[at] as string, values[at] as string, ttl)
    },
    check: () => {
      written++
    },
    after: () => verify(contestant, keys.slice(0, Math.min(written, verified)), values)
  }
}

/** Reads each value once. */
export const verify = (
  contestant: Contestant,
  keys: ReadonlyArray<string>,
  values: ReadonlyArray<string>
): Promise<void> => each(contestant, keys.length, reads(contestant, keys, values))
