import { Cached } from "@hexcache/cached"
import { Context, Data, Effect, Schema } from "effect"

/** The source has no rate of a pair of currencies, or is away. */
export class NoRate extends Data.TaggedError("NoRate")<{ readonly pair: string }> {}

/** The source of exchange rates, which is slow. */
export class RateSource extends Context.Service<
  RateSource,
  { readonly find: (from: string, to: string) => Effect.Effect<number, NoRate> }
>()("example-cli/RateSource") {}

/** Exchange rates, kept for an hour. */
export const rates = Cached.make({
  namespace: "rate",
  schema: Schema.Number,
  lookup: ([from, to]: readonly [from: string, to: string]) => RateSource.use(({ find }) => find(from, to)),
  ttl: "1 hour"
})

/** Converts an amount. */
export const convert = (amount: number, from: string, to: string) =>
  Effect.map(rates.get([from, to]), (rate) => amount * rate)
