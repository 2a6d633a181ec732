import { namesIn } from "./outside/names.ts"
import type { Packed } from "./Packed.ts"

/** The names that each import path exports from its sources here in the workspace, those inside a namespace too. */
export const exportedNames = async (
  packages: ReadonlyArray<Packed>
): Promise<Record<string, ReadonlyArray<string>>> => {
  const paths = packages.flatMap(({ manifest }) =>
    Object.keys(manifest.exports ?? {}).map((path) => manifest.name + path.slice(1))
  )
  return Object.fromEntries(await Promise.all(paths.map(async (path) => [path, namesIn(await import(path))])))
}
