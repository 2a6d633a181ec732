/** The sources that the guide to Cached looks up in. */
import { Effect, Option, Schema } from "effect"
import type { User } from "../common.ts"

export const rank = (country: string, limit: number) =>
  Effect.sync(() => Array.from({ length: limit }, (_, id): typeof User.Type => ({ id, name: country })))

export const Price = Schema.Struct({ cents: Schema.Int, isVolatile: Schema.Boolean })
export const findPrice = (id: number) => Effect.succeed({ cents: id, isVolatile: false })

export const Profile = Schema.Struct({ id: Schema.Int })
export const findProfile = (id: number) => Effect.succeed(id === 1 ? Option.some({ id }) : Option.none())

export const Product = Schema.Struct({ id: Schema.Int })
export const findProducts = (ids: ReadonlyArray<number>) => Effect.succeed(new Map(ids.map((id) => [id, { id }])))

export const Article = Schema.Struct({ id: Schema.Int, author: Schema.Int })
export const findArticle = (id: number) => Effect.succeed({ id, author: 7 })
export const findArticlesOf = (author: number) => Effect.succeed([{ id: 1, author }])

export const Page = Schema.Struct({ etag: Schema.String, text: Schema.String })
type Page = typeof Page.Type
export const fetchPage = (_url: string): Effect.Effect<Page> => Effect.succeed({ etag: "1", text: "hello" })
/** None where the page has this ETag still. */
export const fetchPageUnless = (url: string, etag: string): Effect.Effect<Option.Option<Page>> =>
  Effect.map(
    fetchPage(url),
    Option.liftPredicate((page) => page.etag !== etag)
  )
