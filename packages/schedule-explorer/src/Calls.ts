/**
 * The calls of `Cached` that processes make, and how they end.
 */
import { Cause, Context, Effect, Exit } from "effect"
import { definedBy, type Methods, versionIn } from "./Definitions.ts"
import { isChange, type OpenCall } from "./OpenCall.ts"
import { CurrentThread, type Process, type Thread } from "./Process.ts"
import type { Call } from "./Scenario.ts"
import type { World } from "./World.ts"

export class Calls {
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  /** Begins the next call of a thread. */
  start(thread: Thread): void {
    const { laws, time } = this.#world
    const { process } = thread
    const call = thread.calls[thread.next++]
    if (call === undefined) return
    this.#world.touch(process, `starts ${thread.name} ${thread.next}`)
    const open = laws.begin(call, process.index, time.now)
    thread.open = open
    const fiber = Effect.runForkWith(Context.add(process.context, CurrentThread, thread))(
      this.#use(call, process.methods(call.on)) as Effect.Effect<unknown>
    )
    thread.fiber = fiber
    fiber.addObserver((exit) => this.#ended(thread, open, exit))
    time.drain()
  }

  /** Interrupts the call of a thread, which makes no other. */
  cancel(thread: Thread): void {
    this.#world.touch(thread.process, `cancels ${thread.name}`)
    thread.isCancelled = true
    thread.fiber?.interruptUnsafe()
    this.#world.time.drain()
    thread.next = thread.calls.length
  }

  #use({ keys, kind, on, tag = "" }: Call, methods: Methods): Effect.Effect<unknown, unknown> {
    const [key = ""] = keys
    switch (kind) {
      case "get":
        return methods.get(key)
      case "getOption":
        return methods.getOption(key)
      case "getBatched":
        return methods.getBatched(key)
      case "getMany":
        return methods.getMany(keys)
      case "refresh":
        return methods.refresh(key)
      case "set":
        return methods.set(key, definedBy(this.#world.scenario).get(on)?.valueOf(key, this.#world.laws.version(key)))
      case "expire":
        return methods.expire(key)
      case "invalidate":
        return methods.invalidate(key)
      case "invalidateTag":
        return methods.invalidateTag(tag)
      case "invalidateAll":
        return methods.invalidateAll
    }
  }

  #ended(thread: Thread, open: OpenCall, exit: Exit.Exit<unknown, unknown>): void {
    const { laws, processes, time } = this.#world
    const { process } = thread
    thread.open = undefined
    thread.fiber = undefined
    if (thread.isCancelled) {
      laws.abandon(open)
      return
    }
    if (Exit.isFailure(exit)) {
      laws.abandon(open)
      if (!process.isFailing || !Cause.hasFails(exit.cause))
        laws.violated("answered", `${open.call.kind} ended with ${Cause.pretty(exit.cause).split("\n")[0]}`)
      return
    }
    if (isChange(open.call)) {
      laws.endInvalidation(open, (outdates) => {
        for (const other of processes) this.#tell(other, outdates)
      })
    } else laws.endRead(open, this.#seen(open.call, exit.value), time.now)
  }

  #tell(process: Process, outdates: number): void {
    const last = process.near?.inbox.at(-1)
    if (last === undefined) this.#world.laws.reached(process.index, outdates)
    else last.outdates.push(outdates)
  }

  /** The version of each key that a read has seen. */
  #seen({ keys, kind }: Call, value: unknown): ReadonlyArray<readonly [key: string, version: number]> {
    return keys.flatMap((key) => {
      const found = kind === "getMany" ? (value as ReadonlyMap<string, unknown>).get(key) : value
      const seen = versionIn(found)
      if (seen === undefined) return kind === "getOption" ? [] : this.#seenAbsent(key)
      if (seen[0] !== key) this.#world.laws.violated("ownKey", `${kind} of ${key} saw ${seen.join("@")}`)
      return [seen]
    })
  }

  /** The newest version that had no value. */
  #seenAbsent(key: string): ReadonlyArray<readonly [key: string, version: number]> {
    const { laws, scenario } = this.#world
    for (let version = laws.version(key); version >= 0; version--)
      if (scenario.isAbsent?.(key, version)) return [[key, version]]
    laws.violated("ownKey", `no value of ${key}`)
    return []
  }
}
