/**
 * A store with a server that is only pretended, and an adapter of it that is right, so that a wrong one is made from it
 * by a single change.
 */
import { type CacheDriver, CachePort, ConnectionLost, DriverFailure, TimedOut, Unavailable } from "@hexcache/cache-port"
import { Deferred, Effect, Exit, Layer, Stream } from "effect"
import type { LockableStore, Store } from "../../src/Harness.ts"
import { makeMemory, makeReference } from "./Reference.ts"

/** By when every operation on a fake store ends, in milliseconds. */
export const fakeDeadline = 100

/** The time that it takes to connect to a fake store, in milliseconds. */
const connectTime = 10

/** The server that is pretended. */
export interface FakeServer {
  state: "up" | "silent" | "down"
  /** Something that one adapter left for others to find. */
  isClosed: boolean
  /** Requests that a frozen server carries out, in order, when it goes on. */
  inbox: Array<Effect.Effect<unknown>>
  /** Effects that fail those who wait when the server is killed. */
  waiting: Array<Effect.Effect<unknown>>
  /** Requests that are carried out when a killed server is there again. */
  onRestart: Array<Effect.Effect<unknown, unknown>>
}

/** The part of an adapter that sends requests, the same for all of them. */
export interface Adapter {
  readonly execute: <A>(
    request: Effect.Effect<A, DriverFailure>,
    operation?: keyof CacheDriver
  ) => Effect.Effect<A, DriverFailure>
  /** True until the first attempt to connect has ended. */
  readonly isConnecting: () => boolean
  /** Run when the layer is built. */
  readonly build: Effect.Effect<unknown>
  /** Run when the layer's scope is closed. */
  readonly close: Effect.Effect<unknown>
}

const rightAdapter = (server: FakeServer): Adapter => {
  let isClosed = false
  let isConnected = false
  let isConnecting = true
  const firstAttempt = Deferred.makeUnsafe<void>()
  const endFirstAttempt = Effect.suspend(() => {
    isConnecting = false
    isConnected = server.state === "up"
    return Deferred.succeed(firstAttempt, undefined)
  })
  const own = new Set<Effect.Effect<unknown>>()
  const send = <A>(request: Effect.Effect<A, DriverFailure>): Effect.Effect<A, DriverFailure> =>
    Effect.gen(function* () {
      const answer = Deferred.makeUnsafe<A, DriverFailure>()
      const fail = (failure: DriverFailure) => Deferred.done(answer, Exit.fail(failure))
      server.inbox.push(Effect.flatMap(Effect.exit(request), (exit) => Deferred.done(answer, exit)))
      const lose = fail(new DriverFailure(new ConnectionLost({ message: "the connection broke" }), "Unknown"))
      server.waiting.push(lose)
      own.add(lose)
      const expire = fail(new DriverFailure(new TimedOut({ message: "no answer" }), "Unknown"))
      yield* Effect.forkDetach(Effect.delay(expire, fakeDeadline))
      return yield* Effect.ensuring(
        Deferred.await(answer),
        Effect.sync(() => own.delete(lose))
      )
    })
  const unavailable = Effect.fail(new DriverFailure(new Unavailable({ message: "no connection" })))
  const execute = <A>(request: Effect.Effect<A, DriverFailure>): Effect.Effect<A, DriverFailure> =>
    Effect.suspend(() => {
      if (isConnecting) return Effect.andThen(Deferred.await(firstAttempt), execute(request))
      isConnected ||= server.state === "up"
      if (isClosed || !isConnected || server.state === "down") return unavailable
      return server.state === "up" ? request : send(request)
    })
  return {
    execute,
    isConnecting: () => isConnecting,
    build: Effect.forkDetach(
      Effect.andThen(
        Effect.sleep(connectTime),
        Effect.suspend(() => Effect.delay(endFirstAttempt, server.state === "silent" ? fakeDeadline - connectTime : 0))
      )
    ),
    close: Effect.suspend(() => {
      isClosed = true
      return Effect.andThen(endFirstAttempt, Effect.all(Array.from(own)))
    })
  }
}

/** Every operation of a driver by way of an adapter. */
const through = (driver: CacheDriver, { execute }: Adapter): CacheDriver => ({
  get: (key) => execute(driver.get(key), "get"),
  getMany: (keys) => execute(driver.getMany(keys), "getMany"),
  set: (key, value, ttl) => execute(driver.set(key, value, ttl), "set"),
  setMany: (entries, ttl) => execute(driver.setMany(entries, ttl), "setMany"),
  setIfAbsent: (key, value, ttl) => execute(driver.setIfAbsent(key, value, ttl), "setIfAbsent"),
  deleteMany: (keys) => execute(driver.deleteMany(keys), "deleteMany"),
  getAndDelete: (key) => execute(driver.getAndDelete(key), "getAndDelete"),
  compareAndDelete: (key, expected) => execute(driver.compareAndDelete(key, expected), "compareAndDelete"),
  getAndExpire: (key, ttl) => execute(driver.getAndExpire(key, ttl), "getAndExpire"),
  compareAndExpire: (key, expected, ttl) => execute(driver.compareAndExpire(key, expected, ttl), "compareAndExpire"),
  exists: (key) => execute(driver.exists(key), "exists"),
  expire: (key, ttl) => execute(driver.expire(key, ttl), "expire"),
  ttl: (key) => execute(driver.ttl(key), "ttl"),
  increment: (key, amount, ttl) => execute(driver.increment(key, amount, ttl), "increment"),
  scan: (pattern) => Stream.unwrap(Effect.as(execute(Effect.void, "scan"), driver.scan(pattern))),
  deletePattern: (pattern) => execute(driver.deletePattern(pattern), "deletePattern"),
  flush: execute(driver.flush, "flush"),
  ping: execute(driver.ping, "ping")
})

/** A store whose adapter is right but for a change. */
export const fakeStore = (change: (right: Adapter, server: FakeServer) => Partial<Adapter>): Effect.Effect<Store> =>
  Effect.sync(() => {
    const server: FakeServer = { state: "up", isClosed: false, inbox: [], waiting: [], onRestart: [] }
    const memory = makeMemory()
    const reference = makeReference(memory)
    const layer = Layer.effect(
      CachePort,
      Effect.gen(function* () {
        const right = rightAdapter(server)
        const adapter = { ...right, ...change(right, server) }
        yield* adapter.build
        yield* Effect.addFinalizer(() => adapter.close)
        return CachePort.fromDriver(through(reference, adapter))
      })
    )
    const becomes = (state: FakeServer["state"], told: ReadonlyArray<Effect.Effect<unknown, unknown>> = []) =>
      Effect.andThen(
        Effect.sync(() => {
          server.state = state
        }),
        Effect.asVoid(Effect.forEach(told, Effect.exit))
      )
    const take = <A>(list: Array<A>): Array<A> => list.splice(0)
    return {
      layer,
      deadline: fakeDeadline,
      secrets: ["user:password"],
      freeze: becomes("silent"),
      thaw: Effect.suspend(() => {
        take(server.waiting)
        return becomes("up", take(server.inbox))
      }),
      kill: Effect.suspend(() => {
        memory.entries.clear()
        take(server.inbox)
        return becomes("down", take(server.waiting))
      }),
      restart: Effect.suspend(() => becomes("up", take(server.onRestart))),
      cutOff: becomes("silent"),
      reconnect: Effect.suspend(() => {
        take(server.inbox)
        return becomes("up")
      })
    }
  })

const reads: ReadonlySet<keyof CacheDriver | undefined> = new Set(["get", "getMany", "exists", "ttl", "scan", "ping"])

/** A store of one lock, whose adapter is right but for a change: while it is locked, writes get no reply. */
export const fakeLockable = (
  change: (right: Adapter, server: FakeServer) => Partial<Adapter>
): Effect.Effect<LockableStore> =>
  Effect.map(
    fakeStore((right, server) => {
      const execute: Adapter["execute"] = (request, operation) =>
        reads.has(operation) ? request : right.execute(request, operation)
      return { execute, ...change({ ...right, execute }, server) }
    }),
    ({ deadline, freeze, layer, thaw }) => ({ layer, deadline, lock: freeze, unlock: thaw })
  )
