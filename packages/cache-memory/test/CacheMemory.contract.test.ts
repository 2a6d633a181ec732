import { CacheContract } from "@hexcache/cache-contract"
import { CacheMemory } from "@hexcache/cache-memory"

CacheContract.suite("CacheMemory", CacheMemory.layer(), { time: "TestClock" })
