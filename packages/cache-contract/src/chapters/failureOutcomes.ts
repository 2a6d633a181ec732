/**
 * Laws on writes, on values that were read before, and on messages, of a store that is out of order.
 */
import { Clock, Effect, Exit, Fiber, Option, Scope } from "effect"
import { assert } from "vitest"
import {
  build,
  buildReady,
  describeExit,
  errorOf,
  type Fault,
  failedWith,
  faultLaw,
  faults,
  killed,
  locked,
  lockLaw,
  margin,
  persist,
  timed,
  untilMet,
  untilSuccess
} from "../FaultLaw.ts"
import type { Law } from "../Law.ts"
import { everyOperation } from "../Operations.ts"
import { revealedBy } from "../Revealed.ts"
import { prepare, type Write, writesOf } from "../Writes.ts"

/** Keys that each writer has, more than it comes to. */
const keysOfWriter = 400

/** A write that was made while a store was out of order. */
interface Made {
  readonly write: Write
  readonly key: string
  outcome: "Executed" | "NotExecuted" | "Unknown"
  answer: unknown
  hasFailed: boolean
}

const valueOf = (value: string | undefined) => (value === undefined ? "absent" : JSON.stringify(value))

/** Asserts that a key holds what the outcome of the one write on it allows. */
const judge = ({ answer, key, outcome, write }: Made, value: string | undefined, { keepsData }: Fault): void => {
  const after = outcome === "NotExecuted" ? [] : [write.after]
  const before = outcome === "Executed" ? [] : [write.before]
  const allowed = [...before, ...after, ...(keepsData ? [] : [undefined])].map(valueOf)
  const subject = `${key} was ${valueOf(write.before)}, and the outcome of its ${write.name} is ${outcome}`
  assert(allowed.includes(valueOf(value)), `${subject}; it is ${valueOf(value)}; allowed: ${allowed.join(" or ")}`)
  if (outcome === "Executed" && keepsData) assert.deepStrictEqual(answer, write.answer, `${subject}: the answer`)
}

/** Every kind of write, each on a key of its own, before, during and after a fault. */
export const writeLaw = (fault: Fault): Law =>
  fault.law(`${fault.name}: a write happens once or not at all, and as its error says`, function* (store) {
    const cache = yield* buildReady(store)
    // A server that loses its data leaves what a write on a lost key comes to open.
    const examined = writesOf(cache).filter(
      ({ before, name }) => name !== "deletePattern" && (fault.keepsData || before === undefined)
    )
    const writers = examined.flatMap((write) =>
      Array.from({ length: fault.keepsData ? 1 : 5 }, (_, writer) => ({
        write,
        keys: Array.from({ length: keysOfWriter }, (_, index) => `${write.name}-${writer}-${index}`)
      }))
    )
    const made: Array<Made> = []
    let isOver = false
    const run = Effect.fnUntraced(function* ({ keys, write }: (typeof writers)[number]) {
      for (const key of keys) {
        if (isOver) return
        const one: Made = { write, key, outcome: "Unknown", answer: undefined, hasFailed: false }
        made.push(one)
        const exit = yield* Effect.exit(write.run(cache, key))
        one.outcome = errorOf(exit)?.outcome ?? "Executed"
        one.hasFailed = Exit.isFailure(exit)
        if (Exit.isSuccess(exit)) one.answer = exit.value
        yield* Effect.sleep(Exit.isSuccess(exit) ? 2 : 20)
      }
    })
    const prepared = writers.flatMap(({ keys, write: { before } }) =>
      before === undefined ? [] : keys.map((key) => [key, before] as const)
    )
    yield* persist(cache.setMany(prepared))
    const running = yield* Effect.forEach(writers, (writer) => Effect.forkChild(run(writer)))
    yield* Effect.sleep(50)
    yield* fault.begin(store)
    const hasMet = (write: Write) => made.some((one) => one.hasFailed && one.write === write)
    yield* untilMet(store.deadline * 2, () => examined.every(hasMet))
    yield* fault.end(store)
    yield* untilSuccess(cache, store)
    yield* Effect.sleep(50)
    isOver = true
    yield* Effect.forEach(running, Fiber.join)
    assert.includeMembers(
      made.map(({ outcome }) => outcome),
      ["Executed"]
    )
    // The server may still carry out writes that it has not answered, and others may have to wait behind them.
    yield* Effect.sleep(100)
    const found = yield* persist(cache.getMany(made.map(({ key }) => key)))
    for (const one of made) judge(one, Option.getOrUndefined(found.get(one.key) ?? Option.none()), fault)
  })

const newerLaw = (fault: Fault): Law =>
  fault.law(`${fault.name}: a write that has failed is not carried out over a newer one`, function* (store) {
    const cache = yield* buildReady(store)
    const keys = Array.from({ length: 50 }, (_, index) => `key-${index}`)
    yield* fault.begin(store)
    const writing = yield* Effect.forEach(keys, (key) => Effect.forkChild(cache.set(key, "older")))
    const { exit } = yield* timed("writing", Effect.forEach(writing, Fiber.await), store.deadline)
    for (const written of yield* exit) assert(Exit.isFailure(written), `a set succeeds while ${fault.name}`)
    yield* fault.end(store)
    yield* untilSuccess(cache, store)
    yield* persist(cache.setMany(keys.map((key) => [key, "newer"])))
    yield* Effect.sleep(500)
    for (const [key, value] of yield* persist(cache.getMany(keys))) {
      assert.strictEqual(Option.getOrUndefined(value), "newer", `${key}, whose older write failed`)
    }
  })

/** The laws on a store whose lock somebody else holds. */
export const locks: ReadonlyArray<Law> = [
  lockLaw("locked: every write ends by its deadline, and every read goes on", function* (store) {
    const cache = yield* buildReady(store)
    const examined = writesOf(cache).filter(({ name }) => name !== "deletePattern")
    for (const write of examined) yield* persist(prepare(cache, write.name, write))
    yield* locked.begin(store)
    const writing = yield* Effect.forEach(examined, (write) =>
      Effect.forkChild(timed(write.name, write.run(cache, write.name), store.deadline))
    )
    for (const { before, name } of examined) {
      const { exit } = yield* timed("get", cache.get(name), store.deadline)
      assert.deepStrictEqual(yield* exit, Option.fromUndefinedOr(before), `get of what ${name} waits to change`)
    }
    for (const [index, { exit }] of (yield* Effect.forEach(writing, Fiber.join)).entries()) {
      failedWith(examined[index]?.name ?? "", exit, ["TimedOut", "Unavailable"])
    }
    yield* locked.end(store)
    for (const write of examined) {
      const done = Effect.andThen(prepare(cache, write.name, write), write.run(cache, write.name))
      const { exit } = yield* timed(write.name, persist(done), 1_000)
      yield* exit
    }
  }),

  writeLaw(locked),
  newerLaw(locked),

  lockLaw("locked: closing the scope takes at most 500 ms, and what is in flight ends", function* (store) {
    const scope = yield* Scope.make()
    const cache = yield* Effect.provideService(build(store), Scope.Scope, scope)
    yield* untilSuccess(cache, store)
    yield* locked.begin(store)
    const writing = yield* Effect.forkChild(timed("set", cache.set("key", "value"), store.deadline), {
      startImmediately: true
    })
    yield* timed("closing", Scope.close(scope, Exit.void), 500)
    const { exit } = yield* Fiber.join(writing)
    assert(Exit.isFailure(exit), "a set succeeds while locked")
  })
]

/** The laws on what is so afterwards. */
export const afterwards: ReadonlyArray<Law> = faults.flatMap((fault) => [
  ...(fault.keepsData ? [newerLaw(fault)] : []),

  faultLaw(`${fault.name}: a value that was read before is served no longer than the deadline`, function* (store) {
    const cache = yield* buildReady(store)
    yield* persist(cache.set("remembered", "value"))
    for (let time = 0; time < 5; time++) yield* persist(cache.get("remembered"))
    yield* fault.begin(store)
    const begun = yield* Clock.currentTimeMillis
    for (;;) {
      const { exit } = yield* timed("get", cache.get("remembered"), store.deadline)
      if (Exit.isFailure(exit)) break
      const passed = (yield* Clock.currentTimeMillis) - begun
      assert(passed < store.deadline + margin, `get still answers ${passed} ms after the store is ${fault.name}`)
      yield* Effect.sleep(10)
    }
    yield* fault.end(store)
    yield* untilSuccess(cache, store)
    const expected = fault.keepsData ? "value" : undefined
    const found = Option.getOrUndefined(yield* persist(cache.get("remembered")))
    assert.strictEqual(found, expected, `get of what was read before the store was ${fault.name}`)
    // The adapter brings back what the server forgot (scripts, for example).
    for (const [name, operation] of everyOperation(cache)) {
      const exit = yield* Effect.exit(persist(operation))
      assert(Exit.isSuccess(exit), `${name} fails after the store was ${fault.name}: ${describeExit(exit)}`)
    }
  }),

  ...(fault === killed
    ? [
        faultLaw(`${fault.name}: no failure holds a value, nor a secret of the store`, function* (store) {
          const cache = yield* buildReady(store)
          const canary = `canary-${Math.random().toString(36).slice(2)}`
          yield* fault.begin(store)
          const said = yield* revealedBy([
            ...everyOperation(cache).map(([, operation]) => operation),
            cache.set("key", canary),
            cache.setIfAbsent("key", canary),
            cache.setMany([["key", canary]]),
            cache.compareAndDelete("key", canary)
          ])
          for (const [index, secret] of [canary, ...(store.secrets ?? [])].entries()) {
            const at = said.indexOf(secret)
            const kind = index === 0 ? "a value" : "a secret"
            assert(at < 0, `${kind} is in what was said: ${said.slice(Math.max(0, at - 200), at)}<${kind}>`)
          }
        })
      ]
    : [])
])
