import type { Contestant, Document, Operations, Place } from "./Contestant.ts"
import { each } from "./measure.ts"

/** One hour, so that nothing expires in a run. */
export const ttl = 3_600_000

/** Keys of a work: more than are in flight, so that none is asked for twice at a time. */
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
export const store = async (
  contestant: Contestant,
  keys: ReadonlyArray<string>,
  values: ReadonlyArray<string>
): Promise<void> => {
  const { ask } = needed(contestant, "set")
  await each(contestant, keys.length, {
    ask: (turn) => ask(keys[turn] as string, values[turn] as string, ttl),
    check: () => {}
  })
}

/** Reads values by the contestant's own `get`. */
export const verify = async (
  contestant: Contestant,
  keys: ReadonlyArray<string>,
  values: ReadonlyArray<string>
): Promise<void> => {
  const { ask, read } = needed(contestant, "get")
  await each(contestant, keys.length, {
    ask: (turn) => ask(keys[turn] as string),
    check: (turn, answer) => expectSame(keys[turn] as string, read(answer), values[turn])
  })
}
