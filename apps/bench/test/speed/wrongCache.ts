import { type Open, operation } from "../../src/speed/Contestant.ts"
import { promiseLoops } from "../../src/speed/loops.ts"

/** Forgets its thousandth key. */
export const open: Open = async () => {
  const values = new Map<string, string>()
  return {
    operations: {
      get: operation(async (key: string) => values.get(key)),
      set: operation(async (key: string, value: string) => {
        if (!key.endsWith(":1000")) values.set(key, value)
      })
    },
    loops: promiseLoops,
    close: async () => {}
  }
}
