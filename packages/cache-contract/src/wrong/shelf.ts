/**
 * Deliberately wrong caches. Each has one mistake, and the contract is worth only as much as it catches of them.
 */
import { DriverFailure, Glob, OutOfRange, TimeToLive, Unavailable, Unknown, WrongType } from "@hexcache/cache-port"
import { Clock, Duration, Effect, Option, Stream } from "effect"
import { fakeDeadline } from "./FakeStore.ts"
import { expiry } from "./Reference.ts"
import { type WrongDriver, wrongDriver, wrongPort, wrongStore } from "./WrongDriver.ts"

const operations: ReadonlyArray<WrongDriver> = [
  wrongDriver("operations", "one operation is still to be written", () => ({
    compareAndDelete: () => Effect.fail(new DriverFailure(new Unknown({ message: "not written yet" })))
  }))
]

const values: ReadonlyArray<WrongDriver> = [
  wrongDriver("values", "the empty string reads as absent", (right) => ({
    get: (key) => Effect.map(right.get(key), (value) => value || undefined)
  })),
  wrongDriver("values", "values are trimmed", (right) => ({
    set: (key, value, ttl) => right.set(key, value.trim(), ttl)
  })),
  wrongDriver("values", "values end at the first NUL", (right) => ({
    set: (key, value, ttl) => right.set(key, value.split("\0", 1)[0] ?? "", ttl)
  })),
  wrongDriver("values", "an emoji loses its second half", (right) => ({
    set: (key, value, ttl) => right.set(key, value.replaceAll(/[\udc00-\udfff]/g, ""), ttl)
  })),
  wrongDriver("values", "delete answers true for an absent key", (right) => ({
    deleteMany: (keys) => Effect.as(right.deleteMany(keys), keys.length)
  })),
  wrongPort("values", "unparsable JSON reads as absent", (right) => ({
    getJson: (key) => Effect.catchReason(right.getJson(key), "CacheError", "InvalidValue", () => Effect.succeedNone)
  })),
  wrongPort("values", "an undefined value is written as null", (right) => ({
    setJson: (key, value, options) => right.setJson(key, value ?? null, options)
  })),
  wrongPort("values", "bad input is a defect", (right) => ({
    set: (key, value, options) => Effect.orDie(right.set(key, value, options))
  }))
]

const keys: ReadonlyArray<WrongDriver> = [
  wrongDriver("keys", "__proto__ is lost", (right) => ({
    getMany: (keys) =>
      Effect.map(right.getMany(keys), (found) => {
        const byKey: Record<string, string | undefined> = {}
        keys.forEach((key, index) => {
          byKey[key] = found[index]
        })
        return keys.map((key) => (typeof byKey[key] === "string" ? byKey[key] : undefined))
      })
  })),
  wrongDriver("keys", "keys do not differ in case", (right) => ({
    get: (key) => right.get(key.toLowerCase()),
    getMany: (keys) => right.getMany(keys.map((key) => key.toLowerCase())),
    set: (key, value, ttl) => right.set(key.toLowerCase(), value, ttl),
    setMany: (entries, ttl) =>
      right.setMany(
        entries.map(([key, value]) => [key.toLowerCase(), value]),
        ttl
      )
  })),
  wrongDriver("keys", "keys are normalized", (right) => ({
    get: (key) => right.get(key.normalize("NFKC")),
    setMany: (entries, ttl) =>
      right.setMany(
        entries.map(([key, value]) => [key.normalize("NFKC"), value]),
        ttl
      )
  })),
  wrongDriver("keys", "long keys are cut", (right) => ({
    set: (key, value, ttl) => right.set(key.slice(0, 32_000), value, ttl)
  }))
]

const timeToLive: ReadonlyArray<WrongDriver> = [
  wrongDriver("time to live", "a key lives a millisecond too long", (right) => ({
    set: (key, value, ttl) => right.set(key, value, ttl === undefined ? undefined : ttl + 1)
  })),
  wrongDriver("time to live", "a key dies a millisecond early", (right) => ({
    setMany: (entries, ttl) => right.setMany(entries, ttl === undefined ? undefined : Math.max(1, ttl - 1))
  })),
  wrongDriver("time to live", "set keeps the old time to live", (_right, { entries, live, step }) => ({
    set: (key, value, ttl) =>
      step((now) => {
        const old = live(key, now)
        entries.set(key, {
          value,
          expiresAt: ttl === undefined && old !== undefined ? old.expiresAt : expiry(now, ttl)
        })
      })
  })),
  wrongDriver("time to live", "setMany forgets the time to live", (right) => ({
    setMany: (entries) => right.setMany(entries, undefined)
  })),
  wrongDriver("time to live", "setIfAbsent forgets the time to live", (right) => ({
    setIfAbsent: (key, value) => right.setIfAbsent(key, value, undefined)
  })),
  wrongDriver("time to live", "an expired key exists until it is read", (_right, { entries, step }) => ({
    exists: (key) => step(() => entries.has(key))
  })),
  wrongDriver("time to live", "an expired key is counted as deleted", (_right, { entries, step }) => ({
    deleteMany: (keys) => step(() => keys.filter((key) => entries.delete(key)).length)
  })),
  wrongDriver("time to live", "an expired key keeps others from setting it", (right, { entries, step }) => ({
    setIfAbsent: (key, value, ttl) =>
      Effect.flatMap(
        step(() => entries.has(key)),
        (has) => (has ? Effect.succeed(false) : right.setIfAbsent(key, value, ttl))
      )
  })),
  wrongDriver("time to live", "scan answers expired keys", (_right, { entries, step }) => ({
    scan: (pattern) =>
      Stream.fromEffect(step(() => Array.from(entries.keys()).filter((key) => Glob.matches(pattern, key))))
  })),
  wrongDriver("time to live", "reading makes a key live longer", (_right, { entries, live, step }) => ({
    get: (key) =>
      step((now) => {
        const entry = live(key, now)
        if (entry !== undefined) entries.set(key, { ...entry, expiresAt: entry.expiresAt + 60_000 })
        return entry?.value
      })
  })),
  wrongDriver("time to live", "times to live are whole seconds", (right) => ({
    set: (key, value, ttl) => right.set(key, value, ttl === undefined ? undefined : Math.ceil(ttl / 1_000) * 1_000)
  })),
  wrongDriver("time to live", "ttl of a key without one is Missing", (right) => ({
    ttl: (key) =>
      Effect.map(right.ttl(key), (left) => (TimeToLive.$is("Persistent")(left) ? TimeToLive.Missing() : left))
  })),
  wrongDriver("time to live", "ttl is the time to live as it was set", (right) => {
    const set = new Map<string, number>()
    return {
      set: (key, value, ttl) => Effect.tap(right.set(key, value, ttl), () => Effect.sync(() => set.set(key, ttl ?? 0))),
      ttl: (key) =>
        Effect.map(right.ttl(key), (left) =>
          TimeToLive.$is("Expires")(left) ? TimeToLive.Expires({ remaining: Duration.millis(set.get(key) ?? 0) }) : left
        )
    }
  }),
  wrongDriver("time to live", "expire answers true for an absent key", (right) => ({
    expire: (key, ttl) => Effect.as(right.expire(key, ttl), true)
  })),
  wrongDriver("time to live", "a zero ttl makes a key persistent", (right) => ({
    expire: (key, ttl) => right.expire(key, ttl === 0 ? undefined : ttl)
  })),
  wrongDriver("time to live", "a long time to live overflows 32 bits", (right) => ({
    set: (key, value, ttl) => right.set(key, value, ttl === undefined ? undefined : ttl % 2 ** 31)
  }))
]

const counters: ReadonlyArray<WrongDriver> = [
  wrongDriver("counters", "increment loses the time to live", (right, { entries, step }) => ({
    increment: (key, amount, ttl) =>
      Effect.tap(right.increment(key, amount, ttl), (sum) =>
        step(() => {
          if (sum !== amount) entries.set(key, { value: String(sum), expiresAt: Infinity })
        })
      )
  })),
  wrongDriver("counters", "increment sets the time to live of an existing key", (right) => ({
    increment: (key, amount, ttl) =>
      Effect.tap(right.increment(key, amount, ttl), () => (ttl === undefined ? Effect.void : right.expire(key, ttl)))
  })),
  wrongDriver("counters", "increment reads numbers as JavaScript does", (right) => ({
    increment: (key, amount, ttl) =>
      Effect.flatMap(right.get(key), (text) => {
        const number = Number(text ?? "0")
        if (!Number.isInteger(number)) return Effect.fail(new DriverFailure(new WrongType({ message: "no integer" })))
        return Effect.as(right.set(key, String(number + amount), ttl), number + amount)
      })
  })),
  wrongDriver("counters", "a result out of range is rounded", (right) => ({
    increment: (key, amount, ttl) =>
      Effect.catch(right.increment(key, amount, ttl), (failure) =>
        failure.reason._tag === "OutOfRange" ? Effect.succeed(Number.MAX_SAFE_INTEGER) : Effect.fail(failure)
      )
  })),
  wrongDriver("counters", "a result out of range is refused, and stored", (right) => ({
    increment: (key, amount, ttl) =>
      Effect.catch(right.increment(key, amount, ttl), (failure) =>
        Effect.andThen(
          failure.reason instanceof OutOfRange ? right.set(key, "9223372036854775807", ttl) : Effect.void,
          Effect.fail(failure)
        )
      )
  })),
  wrongPort("counters", "decrement adds", (right) => ({ decrement: right.increment }))
]

const batches: ReadonlyArray<WrongDriver> = [
  wrongPort("batches", "duplicates are counted twice", (right) => ({
    deleteMany: (keys) =>
      Effect.map(right.deleteMany(keys), (removed) =>
        removed === 0 ? 0 : removed + Array.from(keys).length - new Set(keys).size
      )
  })),
  wrongPort("batches", "getMany leaves out what is absent", (right) => ({
    getMany: (keys) =>
      Effect.map(right.getMany(keys), (found) => new Map(Array.from(found).filter(([, value]) => Option.isSome(value))))
  })),
  wrongPort("batches", "getMany answers in an order of its own", (right) => ({
    getMany: (keys) => Effect.map(right.getMany(keys), (found) => new Map(Array.from(found).toSorted()))
  })),
  wrongPort("batches", "the first of a repeated key wins", (right) => ({
    setMany: (entries, options) => {
      const first = new Map(Array.from(entries).toReversed())
      return right.setMany(first, options)
    }
  })),
  wrongDriver("batches", "a batch beyond 5,000 is cut", (right) => ({
    setMany: (entries, ttl) => right.setMany(entries.slice(0, 5_000), ttl)
  }))
]

const patterns: ReadonlyArray<WrongDriver> = [
  wrongDriver("patterns", "a question mark is one character", (_right, { live, entries, step }) => ({
    scan: (pattern) =>
      Stream.fromEffect(
        step((now) => {
          const anyCharacter = new RegExp(`^${pattern.replaceAll("?", ".").replaceAll("*", ".*")}$`, "us")
          const matches = (key: string) =>
            /^[a-z0-9:*?-]*$/.test(pattern) ? anyCharacter.test(key) : Glob.matches(pattern, key)
          return Array.from(entries.keys()).filter((key) => live(key, now) !== undefined && matches(key))
        })
      )
  })),
  wrongDriver("patterns", "a class is negated by an exclamation mark", (right) => ({
    scan: (pattern) => right.scan(pattern.replaceAll("[!", "[^"))
  })),
  wrongDriver("patterns", "a range cannot be written from its end", (right) => ({
    scan: (pattern) =>
      right.scan(pattern.replaceAll(/\[([b-z])-([a-y])\]/g, (all, from, to) => (from > to ? "[]" : all)))
  })),
  wrongDriver("patterns", "only the first page is scanned", (right) => ({
    scan: (pattern) => Stream.map(right.scan(pattern), (page) => page.slice(0, 1_000))
  })),
  wrongDriver("patterns", "deletePattern counts what it looked at", (right, { entries, step }) => ({
    deletePattern: (pattern) =>
      Effect.flatMap(
        step(() => entries.size),
        (size) => Effect.as(right.deletePattern(pattern), size)
      )
  }))
]

const conditionalWrites: ReadonlyArray<WrongDriver> = [
  wrongDriver("conditional writes", "setIfAbsent overwrites", (right) => ({
    setIfAbsent: (key, value, ttl) =>
      Effect.flatMap(right.exists(key), (exists) => Effect.as(right.set(key, value, ttl), !exists))
  })),
  wrongDriver("conditional writes", "compareAndDelete does not compare", (right) => ({
    compareAndDelete: (key) => Effect.map(right.deleteMany([key]), (removed) => removed === 1)
  })),
  wrongDriver("conditional writes", "compareAndDelete compares the beginning", (right) => ({
    compareAndDelete: (key, expected) =>
      Effect.flatMap(right.get(key), (value) =>
        value?.startsWith(expected) === true
          ? Effect.map(right.deleteMany([key]), (removed) => removed === 1)
          : Effect.succeed(false)
      )
  })),
  wrongDriver("conditional writes", "getAndDelete leaves the key", (right) => ({ getAndDelete: right.get }))
]

const isolation: ReadonlyArray<WrongDriver> = [
  wrongDriver("isolation of namespaces", "the prefix is not escaped", (right) => ({
    deletePattern: (pattern) => right.deletePattern(pattern.replaceAll("\\", "")),
    scan: (pattern) => right.scan(pattern.replaceAll("\\", ""))
  })),
  wrongDriver("isolation of namespaces", "flush removes everybody's keys", (right) => ({
    deletePattern: (pattern) => (pattern.endsWith(":*") ? Effect.as(right.flush, 1) : right.deletePattern(pattern))
  }))
]

const concurrency: ReadonlyArray<WrongDriver> = [
  wrongDriver("concurrency", "setIfAbsent is not atomic", (right) => ({
    setIfAbsent: (key, value, ttl) =>
      Effect.flatMap(right.exists(key), (exists) =>
        exists ? Effect.succeed(false) : Effect.as(Effect.andThen(Effect.yieldNow, right.set(key, value, ttl)), true)
      )
  })),
  wrongDriver("concurrency", "increment is not atomic", (right) => ({
    increment: (key, amount, ttl) =>
      Effect.flatMap(right.get(key), (text) =>
        Effect.andThen(
          Effect.yieldNow,
          Effect.as(right.set(key, String(Number(text ?? 0) + amount), ttl), Number(text ?? 0) + amount)
        )
      )
  })),
  wrongDriver("concurrency", "getAndDelete is not atomic", (right) => ({
    getAndDelete: (key) => Effect.tap(right.get(key), () => Effect.andThen(Effect.yieldNow, right.deleteMany([key])))
  })),
  wrongDriver("concurrency", "setMany is not atomic", (right) => ({
    setMany: (entries, ttl) =>
      Effect.forEach(entries, ([key, value]) => Effect.andThen(Effect.yieldNow, right.set(key, value, ttl)), {
        discard: true
      })
  })),
  wrongDriver("concurrency", "answers are handed to the next who asks", (right) => {
    let before: string | undefined
    return {
      get: (key) =>
        Effect.map(right.get(key), (value) => {
          const late = before
          before = value
          return late ?? value
        })
    }
  })
]

const interruption: ReadonlyArray<WrongDriver> = [
  wrongDriver("interruption", "a write starts before it is run", (right) => ({
    set: (key, value, ttl) => {
      Effect.runSync(Effect.ignore(right.set(key, value, ttl)))
      return right.set(key, value, ttl)
    }
  })),
  wrongDriver("interruption", "a write is dropped where it can be interrupted no more", (right) => ({
    set: (key, value, ttl) =>
      Effect.withFiber((fiber) =>
        (fiber as unknown as { readonly interruptible: boolean }).interruptible
          ? right.set(key, value, ttl)
          : Effect.void
      )
  }))
]

const failure: ReadonlyArray<WrongDriver> = [
  wrongStore("failure", "waits for ever for a store that is silent", (right, server) => ({
    ask: (request) => (server.state === "silent" ? Effect.never : right.ask(request))
  })),
  wrongStore("failure", "the deadline does not hold where interruption is off", (right, server) => ({
    ask: (request) =>
      Effect.withFiber((fiber) =>
        server.state === "silent" && !(fiber as unknown as { readonly interruptible: boolean }).interruptible
          ? Effect.never
          : right.ask(request)
      )
  })),
  wrongStore("failure", "waits for a store that is gone before it says so", (right, server) => ({
    ask: (request) =>
      server.state === "down" ? Effect.delay(right.ask(request), fakeDeadline * 4) : right.ask(request)
  })),
  wrongStore("failure", "a store that is gone is a defect", (right, server) => ({
    ask: (request) => (server.state === "down" ? Effect.die("ECONNREFUSED") : right.ask(request))
  })),
  wrongStore("failure", "the layer waits for its store", (_right, server) => ({
    build: Effect.repeat(Effect.sleep(10), { while: () => server.state !== "up" })
  })),
  wrongStore(
    "failure",
    "a write that was given up on is kept, and carried out when the store is back",
    (right, server) => ({
      ask: (request) =>
        Effect.suspend(() => {
          if (server.state === "down") server.onRestart.push(request)
          return right.ask(request)
        })
    })
  ),
  wrongStore("failure", "a write that was not answered is sent again", (right) => ({
    ask: (request) =>
      Effect.catch(right.ask(request), (failure) =>
        failure.outcome === "Unknown" ? Effect.retry(right.ask(request), { times: 100 }) : Effect.fail(failure)
      )
  })),
  wrongStore("failure", "says of what was sent that it was not executed", (right) => ({
    ask: (request) => Effect.mapError(right.ask(request), ({ reason }) => new DriverFailure(reason, "NotExecuted"))
  })),
  wrongStore("failure", "answers that came late are handed to the next who asks", (right, server) => {
    const late: Array<unknown> = []
    return {
      ask: <A>(request: Effect.Effect<A, DriverFailure>) =>
        Effect.suspend(() => {
          if (server.state === "silent")
            return right.ask(Effect.tap(request, (answer) => Effect.sync(() => late.push(answer))))
          return Effect.map(right.ask(request), (answer) => (late.length === 0 ? answer : (late.shift() as A)))
        })
    }
  }),
  wrongStore("failure", "does not come back to a store that was gone", (right, server) => {
    let isGone = false
    return {
      ask: (request) =>
        Effect.suspend(() => {
          isGone ||= server.state === "down"
          return isGone ? Effect.fail(new DriverFailure(new Unavailable({ message: "gone" }))) : right.ask(request)
        })
    }
  }),
  wrongStore("failure", "comes back to a store three seconds late", (right, server) => {
    let back = 0
    return {
      ask: (request) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          if (server.state !== "up") back = now + 3_000
          return now < back && server.state === "up"
            ? Effect.fail(new DriverFailure(new Unavailable({ message: "not yet" })))
            : right.ask(request)
        })
    }
  })
]

const shutdown: ReadonlyArray<WrongDriver> = [
  wrongStore("shutdown", "closing waits for a store that is silent", (right, server) => ({
    close: Effect.andThen(Effect.repeat(Effect.sleep(10), { while: () => server.state === "silent" }), right.close)
  })),
  wrongStore("shutdown", "closing waits for a store that is gone", (right, server) => ({
    close: Effect.andThen(Effect.repeat(Effect.sleep(10), { while: () => server.state === "down" }), right.close)
  })),
  wrongStore("shutdown", "closing takes 700 ms", (right) => ({ close: Effect.delay(right.close, 700) })),
  wrongStore("shutdown", "what is in flight is forgotten", (right, server) => {
    let isClosed = false
    return {
      ask: (request) =>
        Effect.flatMap(Effect.exit(right.ask(request)), (exit) =>
          isClosed && server.state !== "up" ? Effect.never : exit
        ),
      close: Effect.andThen(
        Effect.sync(() => {
          isClosed = true
        }),
        right.close
      )
    }
  }),
  wrongStore("shutdown", "a closed cache still answers", () => ({ close: Effect.void })),
  wrongStore("shutdown", "a closed cache never answers", (right) => {
    let isClosed = false
    return {
      ask: (request) => Effect.suspend(() => (isClosed ? Effect.never : right.ask(request))),
      close: Effect.sync(() => {
        isClosed = true
      })
    }
  }),
  wrongStore("shutdown", "closing one cache closes all of its store", (right, server) => ({
    ask: (request) => Effect.suspend(() => (server.isClosed ? Effect.never : right.ask(request))),
    close: Effect.andThen(
      right.close,
      Effect.sync(() => {
        server.isClosed = true
      })
    )
  }))
]

/** Every wrong cache. */
export const shelf: ReadonlyArray<WrongDriver> = [
  ...operations,
  ...values,
  ...keys,
  ...timeToLive,
  ...counters,
  ...batches,
  ...patterns,
  ...conditionalWrites,
  ...isolation,
  ...concurrency,
  ...interruption,
  ...failure,
  ...shutdown
]
