import type { Store } from "../../src/Store.ts"

/** The keys that a store holds, expired ones that it has not reclaimed yet among them. */
export const keysOf = (store: Store): ReadonlyArray<string> => {
  const keys: Array<string> = []
  const next = store.walk()
  for (let key = next(); key !== undefined; key = next()) if (key !== "") keys.push(key)
  return keys
}
