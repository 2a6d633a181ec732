/** The middle of some figures, and the quartiles around it. */
export interface Spread {
  readonly low: number
  readonly median: number
  readonly high: number
}

/** Between two figures, in proportion. */
const quantile = (sorted: ReadonlyArray<number>, part: number): number => {
  const place = (sorted.length - 1) * part
  const below = sorted[Math.floor(place)] as number
  const above = sorted[Math.ceil(place)] as number
  return below + (above - below) * (place - Math.floor(place))
}

/** At least one figure. */
export const spreadOf = (figures: ReadonlyArray<number>): Spread => {
  const sorted = figures.toSorted((one, other) => one - other)
  return { low: quantile(sorted, 0.25), median: quantile(sorted, 0.5), high: quantile(sorted, 0.75) }
}

/** True if the quartiles lie further apart than three tenths of the median. */
export const isNoisy = ({ high, low, median }: Spread): boolean => high - low > 0.3 * median
