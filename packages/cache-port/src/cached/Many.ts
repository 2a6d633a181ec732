/**
 * Many keys at once.
 *
 * @internal
 */
import { Effect, Exit, Option } from "effect"
import { type Caller, type Engine, nowOf, type Stale } from "./Engine.ts"
import { type Flight, joined } from "./Flight.ts"
import type { Miss } from "./Loader.ts"
import type { Finding } from "./Storage.ts"

/** What is known of the keys that were asked for, by their texts. */
interface Sorted<Key, Answer, E> {
  readonly answers: Map<string, Answer>
  readonly flights: Map<string, Flight<Answer, E>>
  readonly misses: Array<Miss<Key>>
  readonly stale: Array<Stale<Key, Answer>>
  /** What is answered already, and looked up in the background. */
  readonly early: Array<Miss<Key>>
}

/** One read, one batch of lookups, one write. */
export const get = <K extends Key, Key, A, Answer, E, R>(
  engine: Engine<Key, A, Answer, E, R>,
  keys: Iterable<K>,
  caller: Caller<R>
): Effect.Effect<ReadonlyMap<K, A>, E> => {
  const asked = Array.from(keys, (key) => [key, engine.policy.textOf(key)] as const)
  const sorted: Sorted<Key, Answer, E> = { answers: new Map(), flights: new Map(), misses: [], stale: [], early: [] }
  const wanted = new Map<string, Key>()
  for (const [text, key] of new Map(asked.map(([key, text]) => [text, key]))) {
    const flight = engine.joinable(text)
    if (flight !== undefined) sorted.flights.set(text, flight)
    else if (engine.isOwed(text, caller)) sorted.misses.push({ key, text, ground: undefined })
    else wanted.set(text, key)
  }
  return Effect.flatMap(engine.storage.findMany(Array.from(wanted.keys())), (findings) => {
    sort(engine, wanted, findings, sorted, caller)
    return Effect.map(complete(engine, sorted, caller), () => valuesOf(engine, asked, sorted))
  })
}

const sort = <Key, A, Answer, E, R>(
  engine: Engine<Key, A, Answer, E, R>,
  wanted: ReadonlyMap<string, Key>,
  findings: ReadonlyArray<Finding> | undefined,
  { answers, early, misses, stale }: Sorted<Key, Answer, E>,
  caller: Caller<R>
): void => {
  for (const [index, [text, key]] of Array.from(wanted).entries()) {
    const finding = findings?.[index]
    const found = engine.judge(finding?.entry, caller)
    const miss = { key, text, ground: finding?.ground }
    if (found._tag === "Miss") misses.push(miss)
    else if (found._tag === "Stale") stale.push({ ...miss, ...found })
    else {
      answers.set(text, found.answer.value)
      if (found.isEarly) early.push(miss)
    }
  }
}

/** Looks up what is missing, and answers it. */
const complete = <Key, A, Answer, E, R>(
  engine: Engine<Key, A, Answer, E, R>,
  { answers, early, flights, misses, stale }: Sorted<Key, Answer, E>,
  caller: Caller<R>
): Effect.Effect<void, E> => {
  const { loader, policy, storage } = engine
  const since = nowOf(caller)
  const refreshing = loader.refresh([...stale, ...early], caller.context())
  const lookUp = (misses: ReadonlyArray<Miss<Key>>) => {
    const begun = loader.begin(misses, "Read", caller.context())
    for (const [index, { text }] of misses.entries()) flights.set(text, begun[index] as Flight<Answer, E>)
    return joined(Array.from(flights.values()), policy.answers.absent)
  }
  /** The stale values, or what was looked up meanwhile; the rest is missing after all. */
  const settle = Effect.suspend(() => {
    const over = stale.filter((each, index) => {
      const answer = engine.newest(each, refreshing[index], caller)
      if (answer !== undefined) answers.set(each.text, answer.value)
      return answer === undefined
    })
    return over.length === 0 ? Effect.void : lookUp(over)
  })
  return Effect.andThen(
    lookUp(misses),
    stale.length === 0
      ? Effect.sync(() => flights)
      : Effect.andThen(engine.patience(refreshing.slice(0, stale.length), stale, since, caller), settle)
  ).pipe(
    Effect.andThen(
      Effect.sync(() => {
        for (const [text, { exit }] of flights) {
          storage.counters.miss()
          if (exit !== undefined && Exit.isSuccess(exit)) answers.set(text, exit.value)
        }
      })
    )
  )
}

const valuesOf = <K, Key, A, Answer, E, R>(
  { policy }: Engine<Key, A, Answer, E, R>,
  asked: ReadonlyArray<readonly [key: K, text: string]>,
  { answers }: Sorted<Key, Answer, E>
): ReadonlyMap<K, A> => {
  const values = new Map<K, A>()
  for (const [key, text] of asked) {
    const value = answers.has(text) ? policy.answers.valueOf(answers.get(text) as Answer) : Option.none<A>()
    if (Option.isSome(value)) values.set(key, value.value)
  }
  return values
}
