import { contract } from "./support/contract.ts"

contract("CacheRedis with a near cache", { namespace: "near-contract", database: 2, nearCache: { maxEntries: 1_000 } })
