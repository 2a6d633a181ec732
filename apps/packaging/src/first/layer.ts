/** The cache of the programs in this folder, by the argument of their process. */
import { CacheRedis } from "@hexcache/cache-redis"

/** Where the Redis is. */
export type Place =
  | { readonly kind: "server"; readonly url: string; readonly ca?: string }
  | { readonly kind: "cluster"; readonly rootNodes: ReadonlyArray<string> }
  | {
      readonly kind: "sentinel"
      readonly name: string
      readonly sentinels: ReadonlyArray<string>
      /** The master's address, where it is reached by another. */
      readonly nodeAddressMap: { readonly [announced: string]: { readonly host: string; readonly port: number } }
    }

/** The argument of a program. */
export interface Order {
  readonly place: Place
  readonly namespace: string
  /** Milliseconds; the default of the adapter unless given. */
  readonly commandTimeout?: number
}

const { place, ...common }: Order = JSON.parse(process.argv[2] ?? "")

const layerAt = () => {
  switch (place.kind) {
    case "server":
      return CacheRedis.layer({ ...common, url: place.url, ...(place.ca && { tls: { ca: place.ca } }) })
    case "cluster":
      return CacheRedis.layerCluster({ ...common, rootNodes: place.rootNodes })
    case "sentinel": {
      const { name, nodeAddressMap, sentinels } = place
      return CacheRedis.layerSentinel({ ...common, name, sentinels, nodeAddressMap })
    }
  }
}

/** The layer under test. */
export const layer = layerAt()
