import { Effect, Logger } from "effect"

/** Runs an effect. Returns the messages that it logs. */
export const warningsOf = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<ReadonlyArray<string>, E, R> =>
  Effect.suspend(() => {
    const messages: Array<string> = []
    const logger = Logger.make(({ message }) => messages.push(String(message)))
    return Effect.as(Effect.provide(effect, Logger.layer([logger])), messages)
  })
