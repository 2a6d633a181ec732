import { Effect } from "effect"

export const findUser = (_: number) => Effect.succeed({ name: "Grace" })
