/**
 * The changes of this process that are under way: `set`, `refresh` and `expire`.
 *
 * @internal
 */
import { Effect } from "effect"

interface OngoingChange {
  readonly kind: "Set" | "Refresh" | "Expire"
  readonly texts: ReadonlySet<string>
  isOutdated: boolean
}

export class OngoingChanges {
  readonly #changes = new Set<OngoingChange>()

  /** Runs a change, which knows by `isOutdated` that a later one overtook it. */
  run<A, E>(
    kind: OngoingChange["kind"],
    texts: ReadonlySet<string>,
    change: (isOutdated: () => boolean) => Effect.Effect<A, E>
  ): Effect.Effect<A, E> {
    const ongoing: OngoingChange = { kind, texts, isOutdated: false }
    this.#changes.add(ongoing)
    return Effect.ensuring(
      change(() => ongoing.isOutdated),
      Effect.sync(() => this.#changes.delete(ongoing))
    )
  }

  /** True while a key is refreshed. */
  isRefreshing(text: string): boolean {
    return this.#has("Refresh", text)
  }

  /** True while a key is expired: a read meanwhile may find an older value than a refresh has returned. */
  isExpiring(text: string): boolean {
    return this.#has("Expire", text)
  }

  #has(kind: OngoingChange["kind"], text: string): boolean {
    if (this.#changes.size === 0) return false
    return Array.from(this.#changes).some((change) => change.kind === kind && change.texts.has(text))
  }

  /** Outdates the changes of some keys, or of all; of all kinds, or of one. */
  outdate(texts: ReadonlySet<string> | undefined, kind?: OngoingChange["kind"]): void {
    for (const change of this.#changes) {
      if (kind !== undefined && change.kind !== kind) continue
      if (texts === undefined || Array.from(change.texts).some((text) => texts.has(text))) change.isOutdated = true
    }
  }
}
