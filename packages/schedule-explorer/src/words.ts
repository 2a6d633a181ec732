/**
 * Events in words.
 */

import type { LookingUp } from "./Lookups.ts"
import type { Names } from "./Names.ts"
import type { NearMessage } from "./Near.ts"
import { isChange } from "./OpenCall.ts"
import type { Pending } from "./Operations.ts"
import type { Thread } from "./Process.ts"
import type { SimulatedStore } from "./SimulatedStore.ts"

export const describeOperation = ({ operation, process }: Pending, names: Names): string => {
  const keys = operation.keys.map((key) => names.canonical(key)).join(" ")
  const texts = operation.texts.map((text) => names.canonical(text)).join(" ")
  return `${process.name}: ${operation.name} ${keys}${texts === "" ? "" : ` = ${texts}`}`
}

/** An operation that is about to be answered, with the answer of a read. */
export const describeAnswer = (pending: Pending, names: Names, store: SimulatedStore): string => {
  const { operation, state } = pending
  const what = `${describeOperation(pending, names)}: ${state === "Done" ? "answered now" : "answered"}`
  if (!operation.isRead) return what
  const result = state === "Done" ? pending.result : operation.run(store)
  return `${what} ${names.canonical(JSON.stringify(result) ?? "done")}`
}

export const describeMessage = (message: NearMessage): string =>
  "reply" in message ? `the answer of ${message.reply.operation.name}` : `that ${message.key} has changed`

export const describeLookup = ({ process, record }: LookingUp, verb: string): string =>
  `${process.name}: the lookup ${verb} ${record.keys.map((key, index) => `${key}@${record.versions[index]}`).join(" ")}`

export const describeStart = ({ calls, name, next }: Thread): string => {
  const call = calls[next]
  if (call === undefined) return ""
  const change = isChange(call) ? `changes ${call.keys.join(" ")}, and ` : ""
  const of = call.kind === "invalidateAll" ? "" : ` ${call.tag ?? call.keys.join(" ")}`
  return `${name} ${change}begins ${call.kind}${of}${call.on === "main" ? "" : ` of ${call.on}`}`
}
