import { CacheContract } from "@hexcache/cache-contract"
import { CacheExample } from "../src/index.ts"

// "TestClock" where the adapter's time is Effect's `Clock`. `Harness` tells what else a store may have.
CacheContract.suite("CacheExample", CacheExample.layer(), { time: "real" })
