import type { CachePromise } from "@hexcache/cache-promise"
import Fastify, { type FastifyInstance } from "fastify"

/** Computes the price of an article in a currency, in cents. Slow. */
export type PriceOf = (article: string, currency: string) => Promise<number>

/** The visits that an address has in a minute. */
export const visitsPerMinute = 100

/** Serves prices, and refuses an address with too many visits. Closes the cache when it closes. */
export const makeApp = (cache: CachePromise, priceOf: PriceOf): FastifyInstance => {
  const app = Fastify()
  const price = cache.wrap(priceOf, { namespace: "price", ttl: "10 minutes", staleFor: "1 hour" })

  app.addHook("onRequest", async (request, reply) => {
    const visits = await cache
      .increment(`visits:${request.ip}`, 1, { ttl: "1 minute" })
      // Nobody is locked out because a cache is.
      .catch(() => 0)
    if (visits > visitsPerMinute) return reply.code(429).send({ error: "Too many visits" })
  })

  app.get<{ Params: { article: string; currency: string } }>("/prices/:article/:currency", async ({ params }) => ({
    cents: await price(params.article, params.currency)
  }))

  app.addHook("onClose", () => cache.close())
  return app
}
