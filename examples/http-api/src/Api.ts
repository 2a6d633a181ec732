import { Schema } from "effect"
import { HttpApi, HttpApiEndpoint, HttpApiError, HttpApiGroup } from "effect/http-api"

/** A product of a tenant. */
export const Product = Schema.Struct({ id: Schema.Int, name: Schema.String, shelf: Schema.String })
export type Product = typeof Product.Type

const ofTenant = { tenant: Schema.String }
const ofProduct = { ...ofTenant, id: Schema.Int }

/** The products of every tenant, over HTTP. */
export const Api = HttpApi.make("shop").add(
  HttpApiGroup.make("products")
    .add(
      HttpApiEndpoint.get("find", "/:id", {
        params: ofProduct,
        success: Product,
        error: HttpApiError.NotFoundNoContent
      }),
      HttpApiEndpoint.get("list", "/", {
        params: ofTenant,
        query: { shelf: Schema.String },
        success: Schema.Array(Product)
      }),
      HttpApiEndpoint.put("put", "/:id", {
        params: ofProduct,
        payload: Schema.Struct({ name: Schema.String, shelf: Schema.String }),
        success: Product
      })
    )
    .prefix("/:tenant/products")
)
