/**
 * Everything that an operation says besides its answer: failures, log lines, spans and lines of the console.
 */
import { Cause, Console, Effect, Exit, Logger, References, Tracer } from "effect"

/** The most levels of objects that are looked into. */
const deepest = 8

/** Every text that can be reached from a value, of errors those that are not enumerable too. */
const textsOf = (value: unknown, texts: Array<string> = [], seen = new Set<unknown>(), depth = 0): Array<string> => {
  if (typeof value === "string") texts.push(value)
  if (((typeof value !== "object" || value === null) && typeof value !== "function") || seen.has(value)) return texts
  if (depth === deepest) return texts
  seen.add(value)
  if (value instanceof Map || value instanceof Set) textsOf(Array.from(value), texts, seen, depth + 1)
  for (const name of Reflect.ownKeys(value)) {
    const property = Object.getOwnPropertyDescriptor(value, name)
    if (typeof name === "string") texts.push(name)
    textsOf(property?.get === undefined ? property?.value : undefined, texts, seen, depth + 1)
  }
  return texts
}

const lines = ["log", "info", "warn", "error", "debug", "trace", "table", "dir"] as const

/** Runs work. Returns every text that it revealed besides its results. */
export const revealedBy = <A, E, R>(work: ReadonlyArray<Effect.Effect<A, E, R>>): Effect.Effect<string, never, R> =>
  Effect.gen(function* () {
    const said: Array<string> = []
    const note = (...what: ReadonlyArray<unknown>) => {
      for (const each of what) textsOf(each, said)
    }
    const logger = Logger.make(({ cause, fiber, message }) =>
      note(message, Cause.pretty(cause), fiber.getRef(References.CurrentLogAnnotations))
    )
    const spans: Array<Tracer.NativeSpan> = []
    const tracer = Tracer.make({
      span: (options) => {
        const span = new Tracer.NativeSpan(options)
        spans.push(span)
        return span
      }
    })
    const console = globalThis.console
    const real = lines.map((name) => [name, console[name]] as const)
    const service = Object.assign(Object.create(console), Object.fromEntries(lines.map((name) => [name, note])))
    const listened = Effect.forEach(work, (operation) =>
      Effect.map(Effect.exit(operation), (exit) => {
        if (Exit.isFailure(exit)) note(exit.cause.reasons, Cause.pretty(exit.cause), JSON.stringify(exit.cause))
      })
    ).pipe(
      Effect.provideService(Tracer.Tracer, tracer),
      Effect.provideService(Console.Console, service),
      Effect.provideService(References.MinimumLogLevel, "Trace"),
      Effect.provide(Logger.layer([logger]))
    )
    yield* Effect.acquireUseRelease(
      Effect.sync(() => {
        for (const name of lines) console[name] = note
      }),
      () => listened,
      () => Effect.sync(() => Object.assign(console, Object.fromEntries(real)))
    )
    for (const { attributes, events, name, status } of spans) note(name, attributes, events, status)
    return said.join("\n")
  })
