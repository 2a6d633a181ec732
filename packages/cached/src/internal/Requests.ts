/**
 * Makes one batch of reads that run at the same time.
 *
 * @internal
 */
import { Effect, Exit, Request, RequestResolver } from "effect"
import type { BatchReader } from "./BatchReader.ts"
import type { Caller } from "./Caller.ts"

interface ReadRequest<Key, Answer, E, R> extends Request.Request<Answer, E> {
  readonly read: { readonly key: Key; readonly text: string; readonly caller: Caller<R> }
}

type RequestEntries<Key, Answer, E, R> = ReadonlyArray<Request.Entry<ReadRequest<Key, Answer, E, R>>>

export class Requests<Key, A, Answer, E, R> {
  readonly #batches: BatchReader<Key, A, Answer, E, R>
  readonly #resolver: RequestResolver.RequestResolver<ReadRequest<Key, Answer, E, R>>

  constructor(batches: BatchReader<Key, A, Answer, E, R>) {
    this.#batches = batches
    this.#resolver = RequestResolver.make((entries) =>
      Effect.forEach(groupsOf(entries), (group) => this.#readTogether(group), {
        concurrency: "unbounded",
        discard: true
      })
    )
  }

  get(key: Key, text: string, caller: Caller<R>): Effect.Effect<Answer, E> {
    const request: ReadRequest<Key, Answer, E, R> = Object.assign(Object.create(Request.RequestPrototype), {
      read: { key, text, caller }
    })
    return Effect.request(request, this.#resolver)
  }

  #readTogether({ caller, entries }: RequestGroup<Key, Answer, E, R>): Effect.Effect<void, E> {
    return Effect.withFiber((fiber) => {
      const texts = entries.map(({ request: { read } }) => [read.key, read.text] as const)
      const callers = entries.map(({ request }) => request.read.caller)
      return Effect.map(this.#batches.getEach(texts, caller.in(fiber, callers)), (exits) => {
        for (const [index, entry] of entries.entries()) entry.completeUnsafe(exits[index] ?? Exit.interrupt())
      })
    })
  }
}

interface RequestGroup<Key, Answer, E, R> {
  readonly caller: Caller<R>
  readonly entries: Array<RequestEntries<Key, Answer, E, R>[number]>
}

/** Groups reads by the services of their callers: none looks up with those of another. */
const groupsOf = <Key, Answer, E, R>(
  entries: RequestEntries<Key, Answer, E, R>
): ReadonlyArray<RequestGroup<Key, Answer, E, R>> => {
  const groups: Array<RequestGroup<Key, Answer, E, R>> = []
  for (const entry of entries) {
    const { caller } = entry.request.read
    const group = groups.find((group) => group.caller.hasServicesOf(caller))
    if (group === undefined) groups.push({ caller, entries: [entry] })
    else group.entries.push(entry)
  }
  return groups
}
