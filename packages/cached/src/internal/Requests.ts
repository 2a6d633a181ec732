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

type ReadEntry<Key, Answer, E, R> = Request.Entry<ReadRequest<Key, Answer, E, R>>

/** Makes `getBatched` of `getEach`. */
export const makeGetBatched = <Key, A, Answer, E, R>({ getEach }: BatchReader<Key, A, Answer, E, R>) => {
  const readTogether = (entries: ReadonlyArray<ReadEntry<Key, Answer, E, R>>, caller: Caller<R>) =>
    Effect.withFiber<void, E>((fiber) => {
      const texts = entries.map(({ request: { read } }) => [read.key, read.text] as const)
      const callers = entries.map(({ request }) => request.read.caller)
      return Effect.map(getEach(texts, caller.in(fiber, callers)), (exits) => {
        for (const [index, entry] of entries.entries()) entry.completeUnsafe(exits[index] ?? Exit.interrupt())
      })
    })

  const resolver = RequestResolver.make<ReadRequest<Key, Answer, E, R>>((entries) =>
    Effect.forEach(groupsOf(entries), ([caller, group]) => readTogether(group, caller), {
      concurrency: "unbounded",
      discard: true
    })
  )

  return (key: Key, text: string, caller: Caller<R>): Effect.Effect<Answer, E> => {
    const request: ReadRequest<Key, Answer, E, R> = Object.assign(Object.create(Request.RequestPrototype), {
      read: { key, text, caller }
    })
    return Effect.request(request, resolver)
  }
}

/** Groups reads by the services of their callers: none looks up with those of another. */
const groupsOf = <Key, Answer, E, R>(entries: ReadonlyArray<ReadEntry<Key, Answer, E, R>>) => {
  const groups: Array<readonly [caller: Caller<R>, entries: Array<ReadEntry<Key, Answer, E, R>>]> = []
  for (const entry of entries) {
    const { caller } = entry.request.read
    const known = groups.find(([other]) => other.hasServicesOf(caller))
    if (known === undefined) groups.push([caller, [entry]])
    else known[1].push(entry)
  }
  return groups
}
