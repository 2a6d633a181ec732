/** A small object that a read-through looks up. */
export interface Person {
  readonly id: number
  readonly name: string
  readonly email: string
  readonly roles: ReadonlyArray<string>
}

/** The same person each time for the same key, which ends with a number. */
export const personOf = (key: string): Person => {
  const id = Number(key.slice(key.indexOf(":") + 1))
  return { id, name: `Person number ${id}`, email: `person${id}@example.com`, roles: ["reader", `team ${id % 7}`] }
}

let count = 0

/** How often a cache of this process has looked up. */
export const lookups = (): number => count

/** The lookup of every contestant. */
export const lookUp = (key: string): Person => {
  count++
  return personOf(key)
}
