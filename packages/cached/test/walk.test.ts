/** The walk of a `get` that hits, as ARCHITECTURE.md writes it, and as the stacks and the coverage of a real call show it. */
import { readFileSync } from "node:fs"
import { Session } from "node:inspector/promises"
import { assert, it } from "@effect/vitest"
import { CachePort } from "@hexcache/cache-port"
import { MapStore } from "@hexcache/cache-port/test-support/MapStore"
import { Cached } from "@hexcache/cached"
import { Effect, Schema, SchemaGetter } from "effect"

const moduleIn = (text: string): string | undefined => /packages\/cached\/src\/(?:\S*\/)?(\w+)\.ts/.exec(text)?.[1]

/** The modules of `Cached` on the stack, the outermost first, each named once where it calls itself. */
const modulesOnStack = (): ReadonlyArray<string> => {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 500
  const frames = (new Error().stack ?? "").split("\n").reverse()
  Error.stackTraceLimit = limit
  const modules = frames.flatMap((frame) => moduleIn(frame) ?? [])
  return modules.filter((name, at) => name !== modules[at - 1])
}

/** The modules of `Cached` of which an effect runs a function, by V8's own count. */
const modulesOf = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<ReadonlySet<string>, E> =>
  Effect.gen(function* () {
    const session = new Session()
    session.connect()
    yield* Effect.promise(() => session.post("Profiler.enable"))
    yield* Effect.promise(() => session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false }))
    yield* effect
    const { result } = yield* Effect.promise(() => session.post("Profiler.takePreciseCoverage"))
    session.disconnect()
    const hasRun = result.filter(({ functions }) =>
      functions.some(({ ranges }) => ranges.some(({ count }) => count > 0))
    )
    return new Set(hasRun.flatMap(({ url }) => moduleIn(url) ?? []))
  })

/** The modules that a line of ARCHITECTURE.md names. */
const written = (line: string): ReadonlyArray<string> => {
  const text = readFileSync(new URL("../ARCHITECTURE.md", import.meta.url), "utf8")
  const found = text.split("\n").find((each) => each.startsWith(`| ${line} |`)) ?? ""
  return Array.from(found.matchAll(/`(\w+)`/g), ([, name = ""]) => name)
}

it.live("a get that hits walks through the modules that ARCHITECTURE.md names, and through no others", () => {
  let out: ReadonlyArray<string> = []
  let back: ReadonlyArray<string> = []
  const { cache } = new MapStore()
  // A port that records the way to it, and a schema that records the way from it.
  const port = CachePort.of({
    ...cache,
    getMany: (keys) => {
      out = modulesOnStack()
      return cache.getMany(keys)
    }
  })
  const decode = SchemaGetter.transform((text: string) => {
    back = modulesOnStack()
    return text
  })
  const greetings = Cached.make({
    namespace: "greeting",
    schema: Schema.String.pipe(Schema.decodeTo(Schema.String, { decode, encode: SchemaGetter.passthrough() })),
    lookup: (name: string) => Effect.succeed(`hello ${name}`),
    ttl: "1 minute"
  })
  const get = Effect.provideService(greetings.get("you"), CachePort, port)
  return Effect.gen(function* () {
    yield* get
    const entered = yield* modulesOf(get)
    assert.deepStrictEqual(out, written("out"))
    assert.deepStrictEqual(back, written("back"))
    const all = new Set([...written("out"), ...written("back"), ...written("beside")])
    assert.deepStrictEqual([...entered].toSorted(), [...all].toSorted())
  })
})
