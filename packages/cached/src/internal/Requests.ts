/**
 * Reads that run at the same time, as one.
 *
 * @internal
 */
import { Effect, Exit, Request, RequestResolver } from "effect"
import type { Caller } from "./Caller.ts"
import type { Engine } from "./Engine.ts"
import * as Many from "./Many.ts"

/** One read. */
interface Read<Key, Answer, E, R> extends Request.Request<Answer, E> {
  readonly asked: { readonly key: Key; readonly caller: Caller<R> }
}

type Entries<Key, Answer, E, R> = ReadonlyArray<Request.Entry<Read<Key, Answer, E, R>>>

/** The reads of one engine. */
export class Requests<Key, A, Answer, E, R> {
  readonly #engine: Engine<Key, A, Answer, E, R>
  readonly #resolver: RequestResolver.RequestResolver<Read<Key, Answer, E, R>>

  constructor(engine: Engine<Key, A, Answer, E, R>) {
    this.#engine = engine
    this.#resolver = RequestResolver.make((entries) =>
      Effect.forEach(groupsOf(entries), (group) => this.#readTogether(group), {
        concurrency: "unbounded",
        discard: true
      })
    )
  }

  get(key: Key, caller: Caller<R>): Effect.Effect<Answer, E> {
    const read: Read<Key, Answer, E, R> = Object.assign(Object.create(Request.RequestPrototype), {
      asked: { key, caller }
    })
    return Effect.request(read, this.#resolver)
  }

  #readTogether({ caller, entries }: Group<Key, Answer, E, R>): Effect.Effect<void, E> {
    return Effect.withFiber((fiber) => {
      const keys = entries.map(({ request }) => request.asked.key)
      return Effect.map(Many.exits(this.#engine, keys, caller.in(fiber)), (exits) => {
        for (const [index, entry] of entries.entries()) entry.completeUnsafe(exits[index] ?? Exit.interrupt())
      })
    })
  }
}

interface Group<Key, Answer, E, R> {
  readonly caller: Caller<R>
  readonly entries: Array<Entries<Key, Answer, E, R>[number]>
}

/** The reads by the services of their callers: none looks up with those of another. */
const groupsOf = <Key, Answer, E, R>(entries: Entries<Key, Answer, E, R>): ReadonlyArray<Group<Key, Answer, E, R>> => {
  const groups: Array<Group<Key, Answer, E, R>> = []
  for (const entry of entries) {
    const { caller } = entry.request.asked
    const group = groups.find((group) => group.caller.hasServicesOf(caller))
    if (group === undefined) groups.push({ caller, entries: [entry] })
    else group.entries.push(entry)
  }
  return groups
}
