import type { Packed } from "./Packed.ts"
import { run } from "./run.ts"

/** A range of versions that the packages want of others, and the ends of what the registry has of it. */
export interface Wanted {
  readonly name: string
  readonly range: string
  readonly lowest: string
  readonly newest: string
}

/** An end of a range. */
export type End = "lowest" | "newest"

/** Every range that the packages state for what is not theirs. They are to agree on it. */
export const wantedBy = async (packages: ReadonlyArray<Packed>): Promise<ReadonlyArray<Wanted>> => {
  const ranges = packages.flatMap(({ manifest }) =>
    Object.entries({ ...manifest.dependencies, ...manifest.peerDependencies })
  )
  const names = new Set(packages.map(({ manifest }) => manifest.name))
  const others = new Map(ranges.filter(([name]) => !names.has(name)))
  const odd = ranges.find(([name, range]) => others.has(name) && others.get(name) !== range)
  if (odd !== undefined) throw new Error(`The packages want ${odd[0]} in two ranges: ${odd[1]}, ${others.get(odd[0])}`)
  return Promise.all([...others].toSorted().map(([name, range]) => endsOf(name, range)))
}

/** A range and its ends. */
export const endsOf = async (name: string, range: string): Promise<Wanted> => {
  const answer = JSON.parse(await run("npm", ["view", `${name}@${range}`, "version", "--json"]))
  const versions = ([answer].flat() as ReadonlyArray<string>).toSorted(byNumber)
  const [lowest, newest] = [versions[0], versions.at(-1)]
  if (lowest === undefined || newest === undefined) throw new Error(`No version of ${name} is ${range}`)
  return { name, range, lowest, newest }
}

/** By each number in turn. A range without a prerelease in it admits none, so numbers are all there is. */
const byNumber = (one: string, other: string): number => one.localeCompare(other, "en", { numeric: true })
