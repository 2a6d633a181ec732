/**
 * Wrong caches that break a law of stores that are out of order.
 */
import { DriverFailure, Unavailable } from "@hexcache/cache-port"
import { Clock, Effect } from "effect"
import { type Adapter, fakeDeadline } from "./FakeStore.ts"
import { type WrongDriver, wrongStore } from "./WrongDriver.ts"

const failWhileConnecting = (right: Adapter): Pick<Adapter, "ask"> => ({
  ask: (request) =>
    Effect.suspend(() =>
      right.isConnecting()
        ? Effect.fail(new DriverFailure(new Unavailable({ message: "not connected yet" })))
        : right.ask(request)
    )
})

/**
 * Carries sets that have failed out over what is written next. Waits for that write, and not for a time: on a busy machine
 * a time may be over before it.
 */
const carryOutLate = (right: Adapter): Pick<Adapter, "ask"> => {
  const failed: Array<Effect.Effect<unknown, DriverFailure>> = []
  const carryOut = Effect.suspend(() => Effect.forEach(failed.splice(0), (request) => Effect.ignore(request)))
  return {
    ask: (request, operation) =>
      operation === "set"
        ? Effect.tapError(right.ask(request), () => Effect.sync(() => failed.push(request)))
        : operation === "setMany"
          ? Effect.tap(right.ask(request), () => Effect.forkDetach(Effect.delay(carryOut, 200)))
          : right.ask(request)
  }
}

export const failure: ReadonlyArray<WrongDriver> = [
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
  wrongStore("failure", "one operation waits for a store that is gone", (right, server) => ({
    ask: (request, operation) =>
      operation === "exists" && server.state === "down"
        ? Effect.delay(right.ask(request), fakeDeadline)
        : right.ask(request)
  })),
  wrongStore("failure", "fails until its first connection is ready", failWhileConnecting),
  wrongStore("failure", "its layer waits a moment for the first connection, and its operations do not", (right) => ({
    ...failWhileConnecting(right),
    build: Effect.andThen(right.build, Effect.sleep(fakeDeadline / 3))
  })),
  wrongStore("failure", "a store that is gone is a defect", (right, server) => ({
    ask: (request) => (server.state === "down" ? Effect.die("ECONNREFUSED") : right.ask(request))
  })),
  wrongStore("failure", "the layer waits for its store", (right, server) => ({
    build: Effect.andThen(right.build, Effect.repeat(Effect.sleep(10), { while: () => server.state !== "up" }))
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
  wrongStore("failure", "comes back to a store a minute late", (right, server) => {
    let back = 0
    return {
      ask: (request) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          if (server.state !== "up") back = now + 60_000
          return now < back && server.state === "up"
            ? Effect.fail(new DriverFailure(new Unavailable({ message: "not yet" })))
            : right.ask(request)
        })
    }
  }),
  ...(["setIfAbsent", "deleteMany", "getAndDelete", "compareAndDelete"] as const).map((repeated) =>
    wrongStore(
      "frozen: a write happens once or not at all, and as its error says",
      `a ${repeated} that was not answered is sent again`,
      (right) => ({
        ask: (request, operation) =>
          operation === repeated
            ? Effect.catch(right.ask(request), (failure) =>
                failure.outcome === "Unknown" ? Effect.retry(right.ask(request), { times: 100 }) : Effect.fail(failure)
              )
            : right.ask(request)
      })
    )
  ),
  wrongStore(
    "cut off: a write happens once or not at all, and as its error says",
    "a set is acknowledged before it was sent",
    (right, server) => ({
      ask: <A>(request: Effect.Effect<A, DriverFailure>, operation?: string) =>
        Effect.suspend(() =>
          operation === "set" && server.state === "silent" ? Effect.succeed(undefined as A) : right.ask(request)
        )
    })
  ),
  wrongStore(
    "frozen: a write happens once or not at all, and as its error says",
    "says of a set that was sent that it was not executed",
    (right) => ({
      ask: (request, operation) =>
        operation === "set"
          ? Effect.mapError(right.ask(request), ({ reason }) => new DriverFailure(reason, "NotExecuted"))
          : right.ask(request)
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
          ask: <A>(request: Effect.Effect<A, DriverFailure>, operation?: string) =>
            Effect.suspend(() =>
              operation !== "get"
                ? right.ask(request)
                : server.state !== "up" && last !== undefined
                  ? Effect.succeed(last as A)
                  : Effect.tap(right.ask(request), (answer) =>
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
        ask: <A>(request: Effect.Effect<A, DriverFailure>, operation?: string) =>
          Effect.suspend(() =>
            operation === "get" && server.state === "up"
              ? Effect.map(right.ask(request), (answer) => {
                  last = answer ?? last
                  return last as A
                })
              : right.ask(request)
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
          ask: (request, operation) =>
            Effect.suspend(() => {
              wasGone ||= server.state === "down"
              return operation === broken && wasGone
                ? Effect.fail(new DriverFailure(new Unavailable({ message: "no such script" })))
                : right.ask(request)
            })
        }
      }
    )
  ),
  wrongStore(
    "killed: no failure holds a value, nor a secret of the store",
    "a store that is gone is called by its address and password",
    (right) => ({
      ask: (request) =>
        Effect.mapError(
          right.ask(request),
          ({ outcome, reason }) =>
            new DriverFailure(new Unavailable({ message: `redis://user:password@fake: ${reason.message}` }), outcome)
        )
    })
  )
]
