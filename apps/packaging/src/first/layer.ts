/** The cache of the programs in this folder, by the argument of their process. */
import { CacheRedis } from "@hexcache/cache-redis"

/** Where the Redis is. */
export type Place =
  | { readonly kind: "server"; readonly url: string }
  | { readonly kind: "cluster"; readonly rootNodes: ReadonlyArray<string>; readonly nodeAddressMap: AddressMap }
  | {
      readonly kind: "sentinel"
      readonly name: string
      readonly sentinels: ReadonlyArray<string>
      readonly nodeAddressMap: AddressMap
    }

/** Where servers are reached, by the addresses that they announce, where it is elsewhere. */
export type AddressMap = Readonly<Record<string, { readonly host: string; readonly port: number }>>

/** The argument of a program. */
export interface Order {
  readonly place: Place
  /** The certificate to trust, where the servers are reached by TLS; sentinels are not. */
  readonly ca?: string
  readonly namespace: string
  /** Milliseconds; the default of the adapter unless given. */
  readonly commandTimeout?: number
}

const { ca, place, ...given }: Order = JSON.parse(process.argv[2] ?? "")
const common = { ...given, ...(ca && { tls: { ca } }) }

const layerAt = () => {
  switch (place.kind) {
    case "server":
      return CacheRedis.layer({ ...common, url: place.url })
    case "cluster": {
      const { nodeAddressMap, rootNodes } = place
      return CacheRedis.layerCluster({ ...common, rootNodes, nodeAddressMap })
    }
    case "sentinel": {
      const { name, nodeAddressMap, sentinels } = place
      return CacheRedis.layerSentinel({ ...common, name, sentinels, nodeAddressMap, sentinelTls: false })
    }
  }
}

/** The layer under test. */
export const layer = layerAt()
