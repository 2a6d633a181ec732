/** The walk of each operation, as ARCHITECTURE.md writes it, and as the stacks of a real call show it. */
import { createHook } from "node:async_hooks"
import { readFileSync } from "node:fs"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { inject } from "vitest"
import { readyCache } from "./support/servers.ts"

/** The modules of an operation in the order of entry, each named once where it calls itself. */
interface Walk {
  readonly out: ReadonlyArray<string>
  readonly back: ReadonlyArray<string>
}

/** The modules of hexcache on the stack, the outermost first. */
const modulesOnStack = (): ReadonlyArray<string> => {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 500
  const frames = (new Error().stack ?? "").split("\n").reverse()
  Error.stackTraceLimit = limit
  return frames.flatMap((frame) => /packages\/[a-z-]+\/src\/(?:\S*\/)?(\w+)\.ts/.exec(frame)?.[1] ?? [])
}

const withoutRepeats = (modules: ReadonlyArray<string>) => modules.filter((name, at) => name !== modules[at - 1])

/**
 * Runs an operation from an empty stack. The way out is on the stacks where a batch is put off (`TickObject`) and where the
 * client takes a command (`PROMISE`); the way back is on the stack on which the caller goes on.
 */
const record = <E, R>(operation: Effect.Effect<unknown, E, R>): Effect.Effect<Walk, E, R> =>
  Effect.gen(function* () {
    const out: Array<string> = []
    const hook = createHook({
      init: (_id, type) => {
        if (type !== "PROMISE" && type !== "TickObject") return
        const modules = modulesOnStack()
        // A stack from the fence on belongs to the reply.
        if (modules[0] !== "ReplyFence" && modules.join() !== out.slice(-modules.length).join()) out.push(...modules)
      }
    })
    yield* Effect.callback<void>((resume) => void setImmediate(() => resume(Effect.void)))
    yield* Effect.sync(() => hook.enable())
    yield* Effect.ensuring(
      operation,
      Effect.sync(() => hook.disable())
    )
    return { out: withoutRepeats(out), back: withoutRepeats(modulesOnStack()) }
  })

/** The walk in the row of an operation. */
const written = (operation: string): Walk => {
  const text = readFileSync(new URL("../ARCHITECTURE.md", import.meta.url), "utf8")
  const row = text.split("\n").find((line) => line.startsWith(`| \`${operation}\` |`)) ?? ""
  const [, , out = "", back = ""] = row.split("|")
  const names = (cell: string) => Array.from(cell.matchAll(/`(\w+)`/g), ([, name = ""]) => name)
  return { out: names(out), back: names(back) }
}

it.live("a get and a set walk through the modules that ARCHITECTURE.md names", () =>
  Effect.gen(function* () {
    const namespace = `walk-${Math.random()}`
    const port = yield* readyCache({ url: inject("redisUrl"), namespace })
    assert.deepStrictEqual(yield* record(port.get("key")), written("get"))
    assert.deepStrictEqual(yield* record(port.set("key", "value")), written("set"))
  })
)
