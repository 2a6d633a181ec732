/**
 * The lookups of all processes that are on their way to the source of truth.
 */
import { Effect } from "effect"
import { LookupFailed } from "./Definitions.ts"
import type { Laws } from "./Laws.ts"
import type { Process } from "./Process.ts"
import type { World } from "./World.ts"

/** A lookup on its way. */
export interface LookingUp {
  readonly process: Process
  readonly number: number
  readonly record: ReturnType<Laws["lookupBegan"]>
  readonly resume: (effect: Effect.Effect<ReadonlyArray<number | undefined>, LookupFailed>) => void
}

export class Lookups {
  open: Array<LookingUp> = []
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  begin(
    process: Process,
    on: string,
    keys: ReadonlyArray<string>,
    resume: LookingUp["resume"]
  ): Effect.Effect<void> | undefined {
    const { isInstant, laws, time } = this.#world
    laws.asked(process.index)
    const isRefresh = process.threads.some(
      ({ open }) => open?.call.kind === "refresh" && open.call.keys.some((key) => keys.includes(key))
    )
    const record = laws.lookupBegan(process.index, on, keys, time.now, isRefresh)
    const lookup = { process, number: process.lookups++, record, resume }
    process.digest.add(`looks up ${on} ${keys} ${record.versions}`)
    if (isInstant) {
      this.find(lookup)
      return undefined
    }
    this.open.push(lookup)
    return Effect.sync(() => {
      this.#remove(lookup)
      laws.lookupEnded(record)
    })
  }

  /** Gives a lookup the versions that stood when it began. */
  find(lookup: LookingUp): void {
    const { laws, scenario, time } = this.#world
    const { number, process, record, resume } = lookup
    this.#world.touch(process, `lookup ${number} found`)
    this.#remove(lookup)
    laws.lookupAnswered(record, time.now)
    const { isAbsent = () => false } = scenario
    resume(
      Effect.succeed(
        record.keys.map((key, index) => {
          const version = record.versions[index] ?? 0
          return isAbsent(key, version) ? undefined : version
        })
      )
    )
    time.drain()
  }

  fail(lookup: LookingUp): void {
    const { laws, time } = this.#world
    const { number, process, record, resume } = lookup
    this.#world.touch(process, `lookup ${number} failed`)
    process.isFailing = true
    this.#remove(lookup)
    laws.lookupFailed(record)
    resume(Effect.fail(new LookupFailed({ key: record.keys.join() })))
    time.drain()
  }

  /** Forgets the lookups of a process that has ended. */
  forget(process: Process): void {
    this.open = this.open.filter((lookup) => lookup.process !== process)
  }

  #remove({ record }: LookingUp): void {
    this.open = this.open.filter((other) => other.record !== record)
  }
}
