import { Effect, Logger } from "effect"

/** Runs an effect, and collects the lines that it logs meanwhile. */
export const logging = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<readonly [A, Array<string>], E, R> =>
  Effect.suspend(() => {
    const lines: Array<string> = []
    const logger = Logger.make(({ logLevel, message }) => {
      lines.push(`${logLevel} ${message}`)
    })
    return Effect.map(Effect.provide(effect, Logger.layer([logger])), (value) => [value, lines] as const)
  })
