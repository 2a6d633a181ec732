import type { Size } from "./sizes.ts"

/** The size that a package may not exceed, in bytes. A limit is raised on purpose, in the commit that needs it. */
export interface Limit {
  readonly packed: number
  readonly bundled: number
}

/** By name. A package without a limit exceeds it. */
export const limits: Readonly<Record<string, Limit>> = {
  "@hexcache/cache-port": { packed: 78_000, bundled: 8_700 },
  "@hexcache/cached": { packed: 140_000, bundled: 17_000 },
  "@hexcache/cache-layers": { packed: 31_000, bundled: 4_500 },
  "@hexcache/cache-memory": { packed: 42_000, bundled: 5_200 },
  "@hexcache/cache-sqlite": { packed: 34_000, bundled: 5_500 },
  "@hexcache/cache-redis": { packed: 185_000, bundled: 23_000 },
  "@hexcache/cache-effect": { packed: 10_000, bundled: 2_000 },
  "@hexcache/cache-promise": { packed: 54_000, bundled: 5_700 },
  "@hexcache/cache-keyv": { packed: 10_000, bundled: 2_000 },
  "@hexcache/cache-contract": { packed: 172_000, bundled: 33_500 },
  "@hexcache/cache-codec": { packed: 6_000, bundled: 1_000 }
}

/** The packages that are larger than they may be, in words. */
export const excessesOf = (sizes: ReadonlyArray<Size>): ReadonlyArray<string> =>
  sizes.flatMap((size) =>
    (["packed", "bundled"] as const).flatMap((what) => {
      const limit = limits[size.name]?.[what] ?? 0
      return size[what] > limit ? [`${size.name} ${what} has ${size[what]} bytes, and its limit is ${limit}`] : []
    })
  )
