/**
 * A simulated process: its `Cached` on a port of its own, with memory of its own.
 */
import { CachePort } from "@hexcache/cache-port"
import { Clock, Context, Effect, Exit, type Fiber, Random, References, Scheduler, Scope } from "effect"
import { definedBy, LookUps, type Methods } from "./Definitions.ts"
import { Digest } from "./Digest.ts"
import { Near } from "./Near.ts"
import type { OpenCall } from "./OpenCall.ts"
import type { Pending } from "./Operations.ts"
import { type Call, threadName } from "./Scenario.ts"
import * as SimulatedDriver from "./SimulatedDriver.ts"
import type { Simulation } from "./Simulation.ts"

/** Calls one after the other. */
export interface Thread {
  readonly process: Process
  readonly name: string
  readonly calls: ReadonlyArray<Call>
  /** The calls, as text. */
  readonly program: string
  /** Which call begins next. */
  next: number
  open: OpenCall | undefined
  fiber: Fiber.Fiber<unknown, unknown> | undefined
  isCancelled: boolean
}

/** The thread whose call an effect is part of. */
export const CurrentThread: Context.Reference<Thread | undefined> = Context.Reference(
  "@hexcache/schedule-explorer/CurrentThread",
  { defaultValue: (): Thread | undefined => undefined }
)

export class Process {
  readonly index: number
  readonly name: string
  readonly threads: Array<Thread>
  readonly near: Near | undefined
  readonly context: Context.Context<CachePort | Scope.Scope>
  /** Of everything that has happened to it. */
  readonly digest = new Digest()
  /** The calls of all of its threads, as text. */
  readonly program: string
  isAlive = true
  /** True while nothing has happened to it since a read of it began. */
  hasOnlyAsked = false
  /** True once a lookup failed here. */
  isFailing = false
  /** The number of its operations, lookups and ids. */
  sent = 0
  lookups = 0
  ids = 0
  readonly #methods: ReadonlyMap<string, Methods>
  readonly #scope = Scope.makeUnsafe()

  constructor(
    { lookups, operations, world }: Simulation,
    index: number,
    name: string,
    threads: ReadonlyArray<ReadonlyArray<Call>>
  ) {
    this.index = index
    this.name = name
    this.threads = threads.map((calls, thread) => this.#thread(threadName(name, thread, threads.length), calls))
    this.program = this.threads.map(({ program }) => program).join()
    const near = world.scenario.isNear ? new Near(() => world.time.now) : undefined
    this.near = near
    const driver = SimulatedDriver.make(
      (operation) =>
        Effect.withFiber((fiber) =>
          Effect.callback((resume) =>
            operations.send(this, operation, fiber.getRef(CurrentThread)?.open, resume as Pending["resume"])
          )
        ),
      near === undefined ? undefined : (keys) => near.find(keys)
    )
    this.context = Context.empty().pipe(
      Context.add(CachePort, CachePort.of(CachePort.fromDriver(driver))),
      Context.add(Scope.Scope, this.#scope),
      Context.add(Clock.Clock, world.time.clockOf(index)),
      Context.add(Scheduler.Scheduler, world.time.scheduler),
      Context.add(Scheduler.PreventSchedulerYield, true),
      Context.add(Random.Random, { nextIntUnsafe: () => 0, nextDoubleUnsafe: () => 0.5 }),
      Context.add(References.MinimumLogLevel, "None"),
      Context.add(References.CurrentLoggers, new Set()),
      Context.add(LookUps, (on, keys) => Effect.callback((resume) => lookups.begin(this, on, keys, resume)))
    )
    const methods = new Map<string, Methods>()
    for (const [name, { bind }] of definedBy(world.scenario)) {
      const exit = Effect.runForkWith(this.context)(bind).pollUnsafe()
      if (exit === undefined || Exit.isFailure(exit)) throw new Error("a Cached binds at once")
      methods.set(name, exit.value)
    }
    this.#methods = methods
  }

  get hasStarted(): boolean {
    return this.threads.some(({ next }) => next > 0)
  }

  methods(on: string): Methods {
    const methods = this.#methods.get(on)
    if (methods === undefined) throw new Error(`no Cached is named ${on}`)
    return methods
  }

  #thread(name: string, calls: ReadonlyArray<Call>): Thread {
    const program = JSON.stringify(calls)
    return { process: this, name, calls, program, next: 0, open: undefined, fiber: undefined, isCancelled: false }
  }

  /** A thread that is no part of the scenario. */
  thread(calls: ReadonlyArray<Call>): Thread {
    return this.#thread(this.name, calls)
  }

  readonly close: Effect.Effect<void> = Effect.suspend(() => Scope.close(this.#scope, Exit.void))

  end(): void {
    this.isAlive = false
    for (const thread of this.threads) thread.open = undefined
    this.near?.inbox.splice(0)
  }
}
