/**
 * Many keys at once: one read, one batch of lookups, one write.
 *
 * @internal
 */
import { Effect, Exit, Option } from "effect"
import type { Caller } from "./Caller.ts"
import type { Engine, Stale } from "./Engine.ts"
import type { Entry } from "./Envelope.ts"
import { ended, type Flight, joined } from "./Flight.ts"
import { type Miss, nowOf } from "./Loader.ts"

/** What is known of the keys that were asked for, by their texts. */
interface Known<Key, Answer, E> {
  readonly exits: Map<string, Exit.Exit<Answer, E>>
  readonly flights: Map<string, Flight<Answer, E>>
  readonly misses: Array<Miss<Key>>
  readonly stale: Array<Stale<Key, Answer>>
  /** Those that were expired, with the values for where a lookup fails. */
  readonly fallbacks: Array<Stale<Key, Answer>>
  /** What is answered already, and worth a refresh. */
  readonly early: Array<Miss<Key>>
}

/** How lookups are waited for. */
interface Wait<Answer, E> {
  readonly of: (flights: ReadonlyArray<Flight<Answer, E>>) => Effect.Effect<void, E>
  /** True if each key fails for itself. */
  readonly isEach: boolean
}

/** The values of the keys that have one, in the order asked. Fails with the first lookup that does. */
export const get = <Key, A, Answer, E, R>(
  engine: Engine<Key, A, Answer, E, R>,
  keys: Iterable<Key>,
  caller: Caller<R>
): Effect.Effect<ReadonlyMap<Key, A>, E> => {
  const { absent, valueOf } = engine.policy.answers
  const asked = Array.from(keys, (key) => [key, engine.policy.textOf(key)] as const)
  return Effect.map(
    read(engine, asked, caller, { of: (flights) => joined(flights, absent), isEach: false }),
    (exits) => {
      const values = new Map<Key, A>()
      for (const [key, text] of asked) {
        const exit = exits.get(text)
        const value = exit !== undefined && Exit.isSuccess(exit) ? valueOf(exit.value) : Option.none()
        if (Option.isSome(value)) values.set(key, value.value)
      }
      return values
    }
  )
}

/** How the read of each key ends, in the order asked. */
export const exits = <Key, A, Answer, E, R>(
  engine: Engine<Key, A, Answer, E, R>,
  keys: ReadonlyArray<Key>,
  caller: Caller<R>
): Effect.Effect<ReadonlyArray<Exit.Exit<Answer, E>>, E> => {
  const asked = keys.map((key) => [key, engine.policy.textOf(key)] as const)
  return Effect.map(read(engine, asked, caller, { of: ended, isEach: true }), (exits) => {
    const taken = new Set<string>()
    return asked.map(([, text]) => {
      const exit = exits.get(text) ?? engine.policy.answers.absent
      if (!taken.has(text)) {
        taken.add(text)
        return exit
      }
      return Exit.isSuccess(exit) ? engine.copyOf(exit) : exit
    })
  })
}

const read = <Key, A, Answer, E, R>(
  engine: Engine<Key, A, Answer, E, R>,
  asked: ReadonlyArray<readonly [key: Key, text: string]>,
  caller: Caller<R>,
  wait: Wait<Answer, E>
): Effect.Effect<ReadonlyMap<string, Exit.Exit<Answer, E>>, E> => {
  const known: Known<Key, Answer, E> = {
    exits: new Map(),
    flights: new Map(),
    misses: [],
    stale: [],
    fallbacks: [],
    early: []
  }
  const wanted = new Map<string, Key>()
  const ended = new Map<string, Flight<Answer, E>>()
  const behind = new Set<string>()
  const { begun: since } = engine.loader
  for (const [text, key] of new Map(asked.map(([key, text]) => [text, key]))) {
    if (engine.isOwed(text, caller)) {
      known.misses.push({ key, text, ground: undefined, since })
      continue
    }
    wanted.set(text, key)
    if (engine.isBehind(text)) behind.add(text)
    const flight = engine.loader.ended(text)
    if (flight !== undefined) ended.set(text, flight)
  }
  return Effect.flatMap(engine.storage.findMany(Array.from(wanted.keys())), (findings) => {
    for (const [index, [text, key]] of Array.from(wanted).entries()) {
      const finding = findings?.[index]
      const flight = ended.get(text)
      const written = flight && engine.ofEnded(flight, finding?.ground, caller)
      if (written !== undefined) known.exits.set(text, written)
      else {
        const entry = behind.has(text) ? undefined : finding?.entry
        sort(engine, { key, text, ground: finding?.ground, since }, entry, known, caller)
      }
    }
    return Effect.map(lookUp(engine, known, caller, wait), () => exitsOf(known))
  })
}

const sort = <Key, A, Answer, E, R>(
  engine: Engine<Key, A, Answer, E, R>,
  miss: Miss<Key>,
  entry: Entry | undefined,
  { early, exits, fallbacks, misses, stale }: Known<Key, Answer, E>,
  caller: Caller<R>
): void => {
  const found = engine.judge(entry, caller)
  if (found._tag === "Miss") misses.push(miss)
  else if (found._tag === "Hit") {
    exits.set(miss.text, found.answer)
    if (found.isEarly) early.push({ ...miss, took: found.took })
  } else {
    const older = { ...miss, ...found }
    if (found._tag === "Stale") stale.push(older)
    else if (engine.mayRest(older, caller)) exits.set(miss.text, found.answer)
    else fallbacks.push(older)
  }
}

/** Waits for what is missing, and for newer values than the stale ones as long as those who ask would. */
const lookUp = <Key, A, Answer, E, R>(
  engine: Engine<Key, A, Answer, E, R>,
  known: Known<Key, Answer, E>,
  caller: Caller<R>,
  wait: Wait<Answer, E>
): Effect.Effect<void, E> => {
  const { early, exits, fallbacks, flights, misses, stale } = known
  const { loader } = engine
  const since = nowOf(caller.fiber)
  const refreshing = loader.refresh([...stale, ...early], caller)
  const complete = (misses: ReadonlyArray<Miss<Key>>, fallbacks: ReadonlyArray<Stale<Key, Answer>>) => {
    for (const miss of misses) engine.countMiss(miss, caller)
    const begun = loader.begin([...misses, ...fallbacks], "Read", caller, wait.isEach)
    for (const [index, { text }] of misses.entries()) {
      flights.set(text, begun[index] as Flight<Answer, E>)
    }
    const waiting = wait.of(Array.from(flights.values()))
    if (fallbacks.length === 0) return waiting
    const landing = begun.slice(misses.length)
    return Effect.all([waiting, ended(landing)], { concurrency: "unbounded", discard: true }).pipe(
      Effect.andThen(
        Effect.forEach(fallbacks, (fallback, index) => completeOr(fallback, landing[index] as Flight<Answer, E>), {
          discard: true
        })
      )
    )
  }
  const completeOr = (fallback: Stale<Key, Answer>, flight: Flight<Answer, E>) =>
    Effect.flatMap(engine.newestOr(fallback, flight, caller), (exit) => {
      exits.set(fallback.text, exit)
      const isPardoned = Exit.isSuccess(exit) || wait.isEach || exit === engine.policy.answers.absent
      return isPardoned ? Effect.void : Effect.asVoid(exit)
    })
  if (stale.length === 0) return complete(misses, fallbacks)

  const completeStale = Effect.suspend(() => {
    const tooOld: Array<Miss<Key>> = []
    for (const [index, each] of stale.entries()) {
      const answer = engine.newest(each, refreshing[index], caller)
      if (answer === undefined) tooOld.push(each)
      else exits.set(each.text, answer)
    }
    return tooOld.length === 0 ? Effect.void : complete(tooOld, [])
  })
  return complete(misses, fallbacks).pipe(
    Effect.andThen(Effect.suspend(() => engine.patience(refreshing.slice(0, stale.length), stale, since, caller))),
    Effect.andThen(completeStale)
  )
}

const exitsOf = <Key, Answer, E>({
  exits,
  flights
}: Known<Key, Answer, E>): ReadonlyMap<string, Exit.Exit<Answer, E>> => {
  for (const [text, flight] of flights) {
    const exit = flight.take()
    if (exit !== undefined) exits.set(text, exit)
  }
  return exits
}
