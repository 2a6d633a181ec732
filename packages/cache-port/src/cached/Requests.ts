/**
 * Reads that run at the same time, as one.
 *
 * @internal
 */
import { type Context, Effect, Exit, Request, RequestResolver } from "effect"
import type { Engine } from "./Engine.ts"
import * as Many from "./Many.ts"

/** One read. */
interface Read<Key, Answer, E, R> extends Request.Request<Answer, E> {
  readonly asked: { readonly key: Key; readonly context: () => Context.Context<R> }
}

/** The reads of one engine. */
export class Requests<Key, A, Answer, E, R> {
  readonly #resolver: RequestResolver.RequestResolver<Read<Key, Answer, E, R>>

  constructor(engine: Engine<Key, A, Answer, E, R>) {
    this.#resolver = RequestResolver.make((entries) =>
      Effect.withFiber((fiber) => {
        const [first] = entries
        const keys = entries.map(({ request }) => request.asked.key)
        const asked = Many.exits(engine, keys, { fiber, context: first.request.asked.context })
        return Effect.map(asked, (exits) => {
          for (const [index, entry] of entries.entries()) entry.completeUnsafe(exits[index] ?? Exit.interrupt())
        })
      })
    )
  }

  get(key: Key, context: () => Context.Context<R>): Effect.Effect<Answer, E> {
    const read: Read<Key, Answer, E, R> = Object.assign(Object.create(Request.RequestPrototype), {
      asked: { key, context }
    })
    return Effect.request(read, this.#resolver)
  }
}
