import { contract } from "./support/contract.ts"

contract("CacheRedis", { namespace: "contract", database: 1 })
