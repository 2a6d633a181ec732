import type { Work } from "../Work.ts"
import { get } from "./get.ts"
import { increment } from "./increment.ts"
import { set } from "./set.ts"

/** What is compared, in the order of the tables. */
export const works: ReadonlyArray<Work> = [get, set, increment]
