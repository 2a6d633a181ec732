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
  wrongStore("failure", "comes back to a store ten seconds late", (right, server) => {
    let back = 0
    return {
      ask: (request) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => {
          if (server.state !== "up") back = now + 10_000
          return now < back && server.state === "up"
            ? Effect.fail(new DriverFailure(new Unavailable({ message: "not yet" })))
            : right.ask(request)
        })
    }
  })
]
