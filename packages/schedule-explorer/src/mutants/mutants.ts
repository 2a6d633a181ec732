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

const storage = inFile("Storage")
const tags = inFile("Tags")
const owed = inFile("Owed")
const loader = inFile("Loader")
const engine = inFile("Engine")
const keeper = inFile("Keeper")
const lease = inFile("Lease")
const freshness = inFile("Freshness")
const flight = inFile("Flight")
const keys = inFile("Keys")
const store = inFile("Store")

export const mutants: ReadonlyArray<Mutant> = [
  storage("an entry outlives the generation of all", "entry.all === all && ", ""),
  storage("an entry outlives the generation of its key", " && entry.own === own", ""),
  storage("an entry outlives the generations of its tags", "tagIds.get(tag) === id", "tagIds.has(tag)"),
  storage("a key without a generation is valid", "entry.own === own", "(own === undefined || entry.own === own)"),
  storage("everything without a generation is valid", "entry.all === all", "(all === undefined || entry.all === all)"),
  storage(
    "a tag that was invalidated since the lookup began is kept under its new generation",
    "const isSame = since?.watermark !== undefined && since.watermark === standing.tags",
    "const isSame = since !== undefined"
  ),
  storage(
    "an invalidation takes the entry away and leaves the generation",
    "this.#store.delete(texts.flatMap((text) => this.#namesOf(text)))",
    "this.#store.delete(texts.map((text) => this.#names.entry(text)))"
  ),
  storage(
    "an invalidation takes the generation away and leaves the entry, which is set under a new one",
    "return this.#store.delete([this.#names.all])",
    'return Effect.succeed("Done")'
  ),
  storage(
    "an expired value takes the place of a generation that another has made",
    "if (Option.isNone(isTaken) || !isTaken.value) return false",
    ""
  ),
  storage("an expired value outlives a refresh that ran meanwhile", "return !isOutdated()", "return true"),
  storage("a failed invalidation is not owed", "        owe()\n", ""),
  storage("what is owed is read", "return this.owed.has(text)", "return false"),
  tags(
    "the watermark stays when a tag is invalidated",
    "Effect.flatMap(this.#store.delete([tagWatermark]), (outcome) =>",
    'Effect.flatMap(Effect.succeed("Done" as Outcome), (outcome) =>'
  ),
  tags(
    "the generation of a tag stays when it is invalidated",
    'outcome === "Done" ? this.#store.delete(tags.map(tagName)) : Effect.succeed(outcome)',
    "Effect.succeed(outcome)"
  ),
  tags("a failed invalidation of a tag is not owed", 'if (outcome === "Failed") this.debts.add(tag)', ""),
  tags(
    "an owed tag is read",
    "owed.isEmpty ? Array.from(tags) : Array.from(tags).filter((tag) => !owed.has(tag))",
    "Array.from(tags)"
  ),
  owed("nothing is known to be owed", "return this.#all !== undefined || this.#names.has(name)", "return false"),
  owed("what failed again is owed no more", "if (!isOver(outcome)) return outcome", ""),
  owed(
    "what was invalidated again meanwhile is owed no more",
    "if (this.#names.get(name) === owed.get(name)) this.#names.delete(name)",
    "this.#names.delete(name)"
  ),
  owed(
    "everything is not known to be owed",
    "this.#all !== undefined || this.#names.has(name)",
    "this.#names.has(name)"
  ),
  loader(
    "a lookup from before an invalidation of its process is joined",
    "      this.flights.delete(text)\n      flight?.outdate()",
    "      flight?.outdate()"
  ),
  loader(
    "a value is handed on though others have invalidated it",
    "return isRecent && ground !== undefined && flight.isUnder(ground)",
    "return isRecent"
  ),
  loader(
    "a lookup from before an invalidation of another process is joined",
    "ground === undefined || place > since || flight.isUnder(ground)",
    "true"
  ),
  engine(
    "lookups that began during an invalidation are joined after it",
    "Effect.ensuring(change(), Effect.sync(outdate))",
    "change()"
  ),
  engine("what is owed is asked for all the same", "return this.storage.isOwed(text)", "return false"),
  engine("a stale value is served after its time", "if (nowOf(caller.fiber) >= servedUntil) return undefined", ""),
  keeper("a set that fails forgets nothing", "kept.has(text) ? [] : text", "kept.has(text) ? [] : []"),
  keeper(
    "a refresh whose value is not kept leaves the older one",
    'textsOf(rest.filter(({ flight }) => flight.purpose === "Refresh"))',
    "[]"
  ),
  lease("a lease is not given up", "mayBeOwner ? storage.attempt(", "mayBeOwner && false ? storage.attempt("),
  lease("everybody looks up under a lease", "else if (isOwner.value) return yield* own", "else return yield* own"),
  lease(
    "nobody looks once more under a lease",
    "(isOver ? Effect.void : lookUp(ground))",
    "(isOver && false ? Effect.void : lookUp(ground))"
  ),
  freshness("a value is fresh for twice its time", ": ttl)", ": 2 * ttl)"),
  freshness("a value is stale for twice its time", "sumOf(freshUntil, staleFor)", "sumOf(freshUntil, 2 * staleFor)"),
  flight("who waits for a lookup is not told", "for (const tell of waiting) tell(exit)", ""),
  keys("all keys are one", "CacheKey.encodePart(key)", '"one"'),
  store("a failed invalidation passes for done", '"Refused" : "Failed"', '"Refused" : "Done"')
]
