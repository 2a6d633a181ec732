/**
 * Wrong caches that break a law of stores that are out of order.
 */
import { DriverFailure, Unavailable } from "@hexcache/cache-port"
import { Clock, Effect } from "effect"
import { type Adapter, fakeDeadline } from "./FakeStore.ts"
import { type WrongCache, wrongStore } from "./WrongCache.ts"

const failWhileConnecting = (right: Adapter): Pick<Adapter, "execute"> => ({
  execute: (request) =>
    Effect.suspend(() =>
      right.isConnecting()
        ? Effect.fail(new DriverFailure(new Unavailable({ message: "not connected yet" })))
        : right.execute(request)
    )
})

/**
 * Carries sets that have failed out over what is written next. Waits for that write, and not for a time: on a busy machine
 * a time may be over before it.
 */
const carryOutLate = (right: Adapter): Pick<Adapter, "execute"> => {
  const failed: Array<Effect.Effect<unknown, DriverFailure>> = []
  const carryOut = Effect.suspend(() => Effect.forEach(failed.splice(0), (request) => Effect.ignore(request)))
  return {
    execute: (request, operation) =>
      operation === "set"
        ? Effect.tapError(right.execute(request), () => Effect.sync(() => failed.push(request)))
        : operation === "setMany"
          ? Effect.tap(right.execute(request), () => Effect.forkDetach(Effect.delay(carryOut, 200)))
          : right.execute(request)
  }
}

export const failure: ReadonlyArray<WrongCache> = [
  wrongStore("failure", "waits for ever for a store that is silent", (right, server) => ({
    execute: (request) => (server.state === "silent" ? Effect.never : right.execute(request))
  })),
  wrongStore("failure", "the deadline does not hold where interruption is off", (right, server) => ({
    execute: (request) =>
      Effect.withFiber((fiber) =>
        server.state === "silent" && !(fiber as unknown as { readonly interruptible: boolean }).interruptible
          ? Effect.never
          : right.execute(request)
      )
  })),
  wrongStore("failure", "waits for a store that is gone before it says so", (right, server) => ({
    execute: (request) =>
      server.state === "down" ? Effect.delay(right.execute(request), fakeDeadline * 4) : right.execute(request)
  })),
  wrongStore("failure", "one operation waits for a store that is gone", (right, server) => ({
    execute: (request, operation) =>
      operation === "exists" && server.state === "down"
        ? Effect.delay(right.execute(request), fakeDeadline)
        : right.execute(request)
  })),
  wrongStore("failure", "fails until its first connection is ready", failWhileConnecting),
  wrongStore("failure", "its layer waits a moment for the first connection, and its operations do not", (right) => ({
    ...failWhileConnecting(right),
    build: Effect.andThen(right.build, Effect.sleep(fakeDeadline / 3))
  })),
  wrongStore("failure", "a store that is gone is a defect", (right, server) => ({
    execute: (request) => (server.state === "down" ? Effect.die("ECONNREFUSED") : right.execute(request))
  })),
  wrongStore("failure", "the layer waits for its store", (right, server) => ({
    build: Effect.andThen(right.build, Effect.repeat(Effect.sleep(10), { while: () => server.state !== "up" }))
  })),
  wrongStore(
    "failure",
    "a write that was given up on is kept, and carried out when the store is back",
    (right, server) => ({
      execute: (request) =>
        Effect.suspend(() => {
          if (server.state === "down") server.onRestart.push(request)
          return right.execute(request)
        })
    })
  ),
  wrongStore("failure", "a write that was not answered is sent again", (right) => ({
    execute: (request) =>
      Effect.catch(right.execute(request), (failure) =>
        failure.outcome === "Unknown" ? Effect.retry(right.execute(request), { times: 100 }) : Effect.fail(failure)
      )
  })),
  wrongStore("failure", "says of what was sent that it was not executed", (right) => ({
    execute: (request) =>
      Effect.mapError(right.execute(request), ({ reason }) => new DriverFailure(reason, "NotExecuted"))
  })),
  wrongStore("failure", "answers that came late are handed to the next who asks", (right, server) => {
    const late: Array<unknown> = []
    return {
      execute: <A>(request: Effect.Effect<A, DriverFailure>) =>
        Effect.suspend(() => {
          if (server.state === "silent")
            return right.execute(Effect.tap(request, (answer) => Effect.sync(() => late.push(answer))))
          return Effect.map(right.execute(request), (answer) => (late.length === 0 ? answer : (late.shift() as A)))
        })
    }
  }),
  wrongStore("failure", "does not come back to a store that was gone", (right, server) => {
    let isGone = false
    return {
      execute: (request) =>
        Effect.suspend(() => {
          isGone ||= server.state === "down"
          return isGone ? Effect.fail(new DriverFailure(new Unavailable({ message: "gone" }))) : right.execute(request)
        })
    }
  }),
  wrongStore("failure", "comes back to a store a minute late", (right, server) => {
    let back = 0
    return {
      execute: (request) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          if (server.state !== "up") back = now + 60_000
          return now < back && server.state === "up"
            ? Effect.fail(new DriverFailure(new Unavailable({ message: "not yet" })))
            : right.execute(request)
        })
    }
  }),
  ...(["setIfAbsent", "deleteMany", "getAndDelete", "compareAndDelete"] as const).map((repeated) =>
    wrongStore(
      "frozen: a write happens once or not at all, and as its error says",
      `a ${repeated} that was not answered is sent again`,
      (right) => ({
        execute: (request, operation) =>
          operation === repeated
            ? Effect.catch(right.execute(request), (failure) =>
                failure.outcome === "Unknown"
                  ? Effect.retry(right.execute(request), { times: 100 })
                  : Effect.fail(failure)
              )
            : right.execute(request)
      })
    )
  ),
  wrongStore(
    "cut off: a write happens once or not at all, and as its error says",
    "a set is acknowledged before it was sent",
    (right, server) => ({
      execute: <A>(request: Effect.Effect<A, DriverFailure>, operation?: string) =>
        Effect.suspend(() =>
          operation === "set" && server.state === "silent" ? Effect.succeed(undefined as A) : right.execute(request)
        )
    })
  ),
  wrongStore(
    "frozen: a write happens once or not at all, and as its error says",
    "says of a set that was sent that it was not executed",
    (right) => ({
      execute: (request, operation) =>
        operation === "set"
          ? Effect.mapError(right.execute(request), ({ reason }) => new DriverFailure(reason, "NotExecuted"))
          : right.execute(request)
    })
  ),
  ...(["frozen", "cut off"] as const).map((fault) =>
    wrongStore(
      `${fault}: a write that has failed is not carried out over a newer one`,
      `a set that has failed is carried out a moment after the first write to a store that is back from being ${fault}`,
      carryOutLate
    )
  ),
  ...(["frozen", "killed", "cut off"] as const).map((fault) =>
    wrongStore(
      `${fault}: a value that was read before is served no longer than the deadline`,
      `what get answered last is served while the store is ${fault}`,
      (right, server) => {
        let last: unknown
        return {
          execute: <A>(request: Effect.Effect<A, DriverFailure>, operation?: string) =>
            Effect.suspend(() =>
              operation !== "get"
                ? right.execute(request)
                : server.state !== "up" && last !== undefined
                  ? Effect.succeed(last as A)
                  : Effect.tap(right.execute(request), (answer) =>
                      Effect.sync(() => {
                        last = answer
                      })
                    )
            )
        }
      }
    )
  ),
  wrongStore(
    "killed: a value that was read before is served no longer than the deadline",
    "what get answered last is served again by a store that is empty now",
    (right, server) => {
      let last: unknown
      return {
        execute: <A>(request: Effect.Effect<A, DriverFailure>, operation?: string) =>
          Effect.suspend(() =>
            operation === "get" && server.state === "up"
              ? Effect.map(right.execute(request), (answer) => {
                  last = answer ?? last
                  return last as A
                })
              : right.execute(request)
          )
      }
    }
  ),
  ...(["compareAndDelete", "scan"] as const).map((broken) =>
    wrongStore(
      "killed: a value that was read before is served no longer than the deadline",
      `${broken} fails for ever once the store was gone`,
      (right, server) => {
        let wasGone = false
        return {
          execute: (request, operation) =>
            Effect.suspend(() => {
              wasGone ||= server.state === "down"
              return operation === broken && wasGone
                ? Effect.fail(new DriverFailure(new Unavailable({ message: "no such script" })))
                : right.execute(request)
            })
        }
      }
    )
  ),
  wrongStore(
    "killed: no failure holds a value, nor a secret of the store",
    "a store that is gone is called by its address and password",
    (right) => ({
      execute: (request) =>
        Effect.mapError(
          right.execute(request),
          ({ outcome, reason }) =>
            new DriverFailure(new Unavailable({ message: `redis://user:password@fake: ${reason.message}` }), outcome)
        )
    })
  )
]
