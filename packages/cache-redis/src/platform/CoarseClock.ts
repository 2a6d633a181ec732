/**
 * The time, read once for everything that happens without a pause: a reading of the clock costs as much as a tenth of a
 * command.
 *
 * @internal
 */
import { performance } from "./Platform.ts"

let instant: number | undefined

const forget = (): void => {
  instant = undefined
}

/** `performance`'s clock, in milliseconds, as of the beginning of what runs now without a pause. */
export const now = (): number => {
  if (instant === undefined) {
    instant = performance.now()
    queueMicrotask(forget)
  }
  return instant
}
