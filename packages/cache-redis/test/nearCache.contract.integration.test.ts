import { contract } from "./support/contract.ts"

contract("CacheRedis with a near cache", { namespace: "near-contract", nearCache: { maxEntries: 1_000 } })
