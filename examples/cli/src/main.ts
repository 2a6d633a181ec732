/** `node src/main.ts 10 EUR USD`: the second run within an hour asks no source. */
import { CacheSqlite } from "@hexcache/cache-sqlite"
import { Console, Effect, Layer } from "effect"
import { convert, NoRate, RateSource } from "./rates.ts"

const cache = CacheSqlite.layer({ path: process.env.CACHE ?? ".cache/rates.db", namespace: "example-cli" })

// Think of a slow service on the internet.
const source = Layer.succeed(RateSource, {
  find: (from, to) =>
    from === "EUR" && to === "USD"
      ? Console.error("asking the source").pipe(Effect.delay("1 second"), Effect.as(1.08))
      : Effect.fail(new NoRate({ pair: `${from}/${to}` }))
})

const [amount = "1", from = "EUR", to = "USD"] = process.argv.slice(2)

const program = convert(Number(amount), from, to).pipe(
  Effect.flatMap((converted) => Console.log(`${amount} ${from} = ${converted.toFixed(2)} ${to}`)),
  Effect.catchTag("NoRate", ({ pair }) => Console.error(`There is no rate of ${pair}`)),
  Effect.provide([cache, source])
)

await Effect.runPromise(program)
