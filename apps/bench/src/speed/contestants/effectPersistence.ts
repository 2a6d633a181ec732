import { NodeRedis } from "@effect/platform-node"
import { Effect, Exit, Layer, ManagedRuntime, Schema, Scope } from "effect"
import { Persistable, Persistence } from "effect/persistence"
import { type Document, type Open, operation, reading } from "../Contestant.ts"
import { effectLoops } from "../effectLoops.ts"
import { ttl } from "../values.ts"

class Text extends Persistable.Class<{ payload: { key: string } }>()("Text", {
  primaryKey: ({ key }) => key,
  success: Schema.String
}) {}

class Json extends Persistable.Class<{ payload: { key: string } }>()("Json", {
  primaryKey: ({ key }) => key,
  success: Schema.Json
}) {}

const madeOnce = <K>(make: (key: string) => K): ((key: string) => K) => {
  const made = new Map<string, K>()
  return (key) => {
    const known = made.get(key) ?? make(key)
    made.set(key, known)
    return known
  }
}

/** Keys made once: each has its schemas compiled at its first use, which costs more than the round trip. */
const textKey = madeOnce((key) => new Text({ key }))
const jsonKey = madeOnce((key) => new Json({ key }))

/** Effect's Persistence, on Redis. Its times to live belong to the store. */
export const open: Open = async ({ url }) => {
  const runtime = ManagedRuntime.make(Persistence.layerRedis.pipe(Layer.provide(NodeRedis.layer({ url }))))
  const store = await runtime.runPromise(
    Persistence.Persistence.pipe(
      Effect.flatMap((persistence) => persistence.make({ storeId: "bench", timeToLive: () => ttl })),
      Effect.provideService(Scope.Scope, runtime.scope)
    )
  )
  return {
    operations: {
      get: reading((key: string) => store.get(textKey(key)), valueOf),
      set: operation((key: string, value: string, _: number) => store.set(textKey(key), Exit.succeed(value))),
      getJson: reading(
        (key: string) => store.get(jsonKey(key)),
        (exit) => valueOf(exit) as Document | undefined
      ),
      setJson: operation((key: string, value: Document, _: number) =>
        store.set(jsonKey(key), Exit.succeed(value as unknown as Schema.Json))
      ),
      getMany: reading(
        (keys: Array<string>) => store.getMany(keys.map((key) => textKey(key))),
        (exits) => (_, place) => valueOf(exits[place])
      ),
      setMany: operation((entries: ReadonlyArray<readonly [string, string]>, _: number) =>
        store.setMany(entries.map(([key, value]) => [textKey(key), Exit.succeed(value)] as const))
      ),
      deletePrefix: operation((_: string) => store.clear)
    },
    loops: effectLoops((loops) => runtime.runPromise(loops)),
    close: () => runtime.dispose()
  }
}

const valueOf = <A>(exit: Exit.Exit<A> | undefined): A | undefined =>
  exit !== undefined && Exit.isSuccess(exit) ? exit.value : undefined
