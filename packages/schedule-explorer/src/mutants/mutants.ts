/**
 * Mistakes of one line in the protocol of `Cached`, each of which some schedule brings to light.
 */
export interface Mutant {
  /** The mistake, in words. */
  readonly name: string
  /** Below `packages`. */
  readonly file: string
  /** Stands there once. */
  readonly from: string
  readonly to: string
}

const inFile =
  (file: string) =>
  (name: string, from: string, to: string): Mutant => ({ name, file: `cached/src/internal/${file}.ts`, from, to })

const snapshots = inFile("SnapshotReader")
const entries = inFile("EntryStore")
const invalidations = inFile("Invalidations")
const tags = inFile("Tags")
const pending = inFile("PendingInvalidations")
const lookups = inFile("InFlightLookups")
const engine = inFile("Engine")
const reader = inFile("Reader")
const rules = inFile("ReadRules")
const writer = inFile("EntryWriter")
const lease = inFile("Lease")
const freshness = inFile("Freshness")
const lookup = inFile("InFlightLookup")
const keys = inFile("StoreKeys")
const store = inFile("Store")

export const mutants: ReadonlyArray<Mutant> = [
  snapshots("an entry outlives the generation of all", "entry.all === all && ", ""),
  snapshots("an entry outlives the generation of its key", " && entry.own === own", ""),
  snapshots("an entry outlives the generations of its tags", "tags.get(tag) === id", "tags.has(tag)"),
  snapshots("a key without a generation is valid", "entry.own === own", "(own === undefined || entry.own === own)"),
  snapshots(
    "everything without a generation is valid",
    "entry.all === all",
    "(all === undefined || entry.all === all)"
  ),
  entries(
    "a tag that was invalidated since the lookup began is kept under its new generation",
    "const isSame = current?.watermark !== undefined && current.watermark === generations.watermark",
    "const isSame = current !== undefined"
  ),
  invalidations(
    "an invalidation takes the entry away and leaves the generation",
    "store.delete(texts.flatMap((text) => [keys.entry(text), keys.own(text)]))",
    "store.delete(texts.map((text) => keys.entry(text)))"
  ),
  invalidations(
    "an invalidation takes the generation away and leaves the entry, which is set under a new one",
    "store.delete([keys.all])",
    'Effect.succeed("Done" as Outcome)'
  ),
  entries(
    "an expired value takes the place of a generation that another has made",
    "if (Option.isNone(isTaken) || !isTaken.value) return false",
    ""
  ),
  invalidations("a failed invalidation is not pending", "        addPending()\n", ""),
  invalidations("a key with a pending invalidation is read", "pending.isPending(text)", "false"),
  tags(
    "the watermark stays when a tag is invalidated",
    "Effect.flatMap(store.delete([watermarkKey]), (outcome) =>",
    'Effect.flatMap(Effect.succeed("Done" as Outcome), (outcome) =>'
  ),
  tags(
    "the generation of a tag stays when it is invalidated",
    'outcome === "Done" ? forgetting : Effect.succeed(outcome)',
    "Effect.succeed(outcome)"
  ),
  tags("a failed invalidation of a tag is not pending", 'if (outcome === "Failed") state.add(tag)', ""),
  tags(
    "a tag with a pending invalidation is read",
    "pending.isEmpty ? Array.from(tags) : Array.from(tags).filter((tag) => !pending.isPending(tag))",
    "Array.from(tags)"
  ),
  pending("nothing is known to be pending", "return this.#all !== undefined || this.#names.has(name)", "return false"),
  pending("a name that failed again is no longer pending", "if (!isOver(outcome)) return outcome", ""),
  pending(
    "a name that was invalidated again meanwhile is no longer pending",
    "if (this.#names.get(name) === pending.get(name)) this.#names.delete(name)",
    "this.#names.delete(name)"
  ),
  pending(
    "everything is not known to be pending",
    "this.#all !== undefined || this.#names.has(name)",
    "this.#names.has(name)"
  ),
  lookups(
    "a lookup from before an invalidation of its process is joined",
    "      this.#byText.delete(text)\n      lookup?.outdate()",
    "      lookup?.outdate()"
  ),
  lookups(
    "a value is handed on though others have invalidated it",
    "return isRecent && snapshot !== undefined && lookup.isUnder(snapshot)",
    "return isRecent"
  ),
  lookups(
    "a lookup from before an invalidation of another process is joined",
    "snapshot === undefined || lookup.isAfter(since) || lookup.isUnder(snapshot)",
    "true"
  ),
  engine(
    "an invalidation outdates no lookup of another Cached of the namespace",
    "shared.outdate(texts)\n",
    "loader.outdate(texts)\n"
  ),
  engine(
    "lookups that began during an invalidation are joined after it",
    "Effect.ensuring(change(), Effect.sync(outdate))",
    "change()"
  ),
  reader(
    "a read begins though an invalidation of its key is pending",
    "return invalidations.isPending(text) ? use(undefined) : ",
    "return "
  ),
  rules("a stale value is served after its time", "if (nowOf(fiber) >= servedUntil) return undefined", ""),
  writer("a set that fails forgets nothing", "replaced.has(text) ? [] : text", "replaced.has(text) ? [] : []"),
  writer(
    "a refresh whose value is not kept leaves the older one",
    'textsOf(rest.filter(({ lookup }) => lookup.reason === "Refresh"))',
    "[]"
  ),
  lease("a lease is not given up", "mayBeOwner ? store.attempt(", "mayBeOwner && false ? store.attempt("),
  lease("everybody looks up under a lease", "else if (isOwner.value) return", "else if (isOwner.value || true) return"),
  lease(
    "nobody looks once more under a lease",
    "(isOver ? Effect.void : lookUp(snapshot))",
    "(isOver && false ? Effect.void : lookUp(snapshot))"
  ),
  freshness("a value is fresh for twice its time", ": ttl)", ": 2 * ttl)"),
  freshness("a value is stale for twice its time", "sumOf(freshUntil, staleFor)", "sumOf(freshUntil, 2 * staleFor)"),
  lookup("readers who wait for a lookup get nothing", "for (const notify of subscribers) notify(exit)", ""),
  keys("all keys are one", "CacheKey.encodePart(key)", '"one"'),
  store("a failed invalidation passes for done", '"Refused" : "Failed"', '"Refused" : "Done"')
]
