/**
 * What the page asks of the demo.
 *
 * @import { Snapshot } from "../src/show/watch/Snapshot.ts"
 */

/** Why the demo refused something: in words, and for which fields of a form. */
export class Refusal extends Error {
  /** @param {string} message @param {ReadonlyArray<string>} fields */
  constructor(message, fields = []) {
    super(message)
    this.fields = fields
  }
}

/** @returns {Promise<Snapshot>} */
export const state = async () => (await ask("/state")).json()

/**
 * Does what a button says. Rejects with `Refusal`.
 *
 * @param {string} path
 * @param {Readonly<Record<string, number | null>>} [payload]
 */
export const act = (path, payload) =>
  ask(`/actions/${path}`, {
    method: "POST",
    ...(payload && { headers: { "content-type": "application/json" }, body: JSON.stringify(payload) })
  })

/** Reads a city as any visitor does. @param {number} id */
export const readCity = async (id) => (await ask(`/cities/${id}`)).json()

/** @param {string} path @param {RequestInit} [init] */
const ask = async (path, init) => {
  const response = await fetch(path, init).catch(() => {
    throw new Refusal("The demo does not answer. Is it still running?")
  })
  if (response.ok) return response
  const problem = await response.json().catch(() => ({}))
  /** @type {ReadonlyArray<{ readonly path: ReadonlyArray<string>, readonly message: string }>} */
  const errors = problem.errors ?? []
  if (errors.length === 0) throw new Refusal(problem.detail ?? `The demo answered ${response.status}.`)
  const fields = errors.map(({ path }) => path.at(-1) ?? "")
  throw new Refusal(errors.map(({ message }) => message).join(". "), fields)
}
