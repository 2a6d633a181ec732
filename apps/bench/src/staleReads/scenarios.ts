/**
 * Scenarios: who reads and who changes a key meanwhile.
 */

/** How a change of the source of truth is made known to the cache. */
export type ChangeKind = "delete" | "tag" | "set"

/** One use of the cache: a read, or a change of the source of truth and then of the cache. */
export type Use = "read" | "change"

export interface Scenario {
  readonly name: string
  /** Callers of each process, with what each does one after the other. */
  readonly processes: Readonly<Record<string, ReadonlyArray<ReadonlyArray<Use>>>>
  /** The processes that have read the key before. */
  readonly warm?: ReadonlyArray<string>
  /** True if a process that has ended since has read the key before all others began. */
  readonly isFilled?: boolean
  /** How the change is made known, if in one way only: a tag or a value takes more steps than can all be run here. */
  readonly kind?: ChangeKind
}

/** In all of them A changes the key. */
export const scenarios: ReadonlyArray<Scenario> = [
  { name: "a reader and a change in one process", processes: { A: [["read"], ["change"]] } },
  { name: "a reader in another process", processes: { A: [["change"]], B: [["read"]] } },
  { name: "a key that the other process holds", processes: { A: [["change"]], B: [] }, warm: ["B"] },
  { name: "a key that both hold", processes: { A: [["change"]], B: [["read"]] }, warm: ["A", "B"] },
  { name: "a key that the store holds", processes: { A: [["read"], ["change"]] }, isFilled: true },
  {
    name: "a key that the store holds, and a reader in another process",
    processes: { A: [["change"]], B: [["read"]] },
    isFilled: true
  },
  { name: "readers in both", processes: { A: [["read"], ["change"]], B: [["read"]] }, kind: "delete" }
]

/** For schedules that are drawn at random. One caller changes the key: of changes at the same time any may be the last. */
export const busy: Scenario = {
  name: "three processes that read, of which one changes",
  processes: {
    A: [
      ["read", "read"],
      ["change", "read", "change"]
    ],
    B: [["read"], ["read", "read"]],
    C: [["read", "read"]]
  }
}
