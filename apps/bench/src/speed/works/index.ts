import type { Work } from "../Work.ts"
import { getMany, getManyAtOnce, getManyGrowth, setMany } from "./batches.ts"
import { cachedHit } from "./cachedHit.ts"
import { deletePattern, deletePatternGrowth } from "./deletePattern.ts"
import { get } from "./get.ts"
import { hotKeys } from "./hotKeys.ts"
import { increment, memoryIncrement } from "./increment.ts"
import { getJson, setJson } from "./json.ts"
import { memoryEviction, memoryGet, memoryGrowth, memorySet } from "./memory.ts"
import { miss } from "./miss.ts"
import { near } from "./near.ts"
import { set } from "./set.ts"
import { steady } from "./steady.ts"

/** The comparisons, in the order of the tables. */
export const works: ReadonlyArray<Work> = [
  get,
  miss,
  hotKeys,
  set,
  increment,
  getJson,
  setJson,
  getMany,
  getManyAtOnce,
  setMany,
  deletePattern,
  near,
  memoryGet,
  memorySet,
  memoryIncrement,
  memoryEviction,
  memoryGrowth,
  cachedHit,
  getManyGrowth,
  deletePatternGrowth,
  steady
]
