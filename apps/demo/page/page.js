/**
 * The page: asks for the state each second while it is looked at, and does what the buttons say.
 *
 * @import { Snapshot } from "../src/show/watch/Snapshot.ts"
 */
import { act, Refusal, readCity, state as readState } from "./server.js"
import { count, millis } from "./text.js"
import { byId, show } from "./view.js"

const message = byId("message")
const loadForm = /** @type {HTMLFormElement} */ (byId("load"))
const cityForm = /** @type {HTMLFormElement} */ (byId("city"))
const citySelect = /** @type {HTMLSelectElement} */ (byId("city-id"))
const populationInput = /** @type {HTMLInputElement} */ (byId("population"))

/** @type {Snapshot | undefined} */
let state

/** Once: what is said again would be read out again. @param {string} text */
const say = (text) => {
  if (message.textContent !== text) message.textContent = text
}

/** Says what has changed, and not what changes all the time. @param {Snapshot} before @param {Snapshot} now */
const changes = (before, now) => {
  const said = []
  if (now.ownRedis !== before.ownRedis) said.push(`Redis is ${now.ownRedis}.`)
  const isClosed = now.breaker === "closed"
  if (isClosed !== (before.breaker === "closed")) {
    said.push(isClosed ? "The cache is asked again." : "The cache is left alone: the database answers.")
  }
  if (before.load !== null && now.load === null) said.push("The load is over.")
  return said.join(" ")
}

const refresh = async () => {
  try {
    const now = await readState()
    const said = state === undefined ? "" : changes(state, now)
    const isFirst = state === undefined
    state = now
    show(now)
    if (isFirst) fillCities(now)
    if (said !== "") say(said)
  } catch (error) {
    say(/** @type {Error} */ (error).message)
  }
}

/** @param {Snapshot} state */
const fillCities = ({ cities }) => {
  citySelect.replaceChildren(...cities.map(({ city }) => new Option(city.name, String(city.id))))
  suggestPopulation()
}

const cityId = () => Number(citySelect.value)
const cityName = () => citySelect.selectedOptions[0]?.text ?? ""
const suggestPopulation = () => {
  const row = state?.cities.find(({ city }) => city.id === cityId())
  if (row !== undefined) populationInput.value = String(row.city.population + 1)
}

/** What a field holds; an empty one is no number. @param {HTMLFormElement} form @param {string} name */
const numberIn = (form, name) => {
  const value = new FormData(form).get(name)
  return value === "" ? null : Number(value)
}

/**
 * Does something that a visitor asked for, says what came of it, and shows the state at once.
 *
 * @param {() => Promise<string>} action
 * @param {HTMLFormElement} [form] the one whose fields may be wrong
 */
const attempt = async (action, form) => {
  if (form !== undefined) showErrors(form, "", [])
  try {
    say(await action())
  } catch (error) {
    const { fields, message: text } = error instanceof Refusal ? error : new Refusal("Something is wrong in the page.")
    if (form !== undefined && fields.length > 0) showErrors(form, text, fields)
    else say(text)
  }
  await refresh()
}

/** @param {HTMLFormElement} form @param {string} text @param {ReadonlyArray<string>} fields */
const showErrors = (form, text, fields) => {
  for (const input of form.querySelectorAll("input")) {
    const isWrong = fields.includes(input.name)
    input.setAttribute("aria-invalid", String(isWrong))
    if (isWrong) text = `${input.closest("label")?.firstChild?.textContent?.trim()}: ${text}`
  }
  byId(`${form.id}-error`).textContent = text
}

/** @param {string} id @param {() => void} action */
const onClick = (id, action) =>
  byId(id).addEventListener("click", ({ currentTarget }) => {
    if (/** @type {HTMLElement} */ (currentTarget).getAttribute("aria-disabled") !== "true") action()
  })

/** @param {HTMLFormElement} form @param {() => void} action */
const onSubmit = (form, action) =>
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    action()
  })

onSubmit(loadForm, () =>
  attempt(async () => {
    const requestsPerSecond = numberIn(loadForm, "requestsPerSecond")
    const seconds = numberIn(loadForm, "seconds")
    await act("load", { requestsPerSecond, seconds })
    return `${requestsPerSecond} requests per second for ${seconds} s.`
  }, loadForm)
)
onClick("stop", () =>
  attempt(async () => {
    await act("stop")
    return ""
  })
)

for (const action of ["freeze", "kill", "restart"]) {
  onClick(action, () =>
    attempt(async () => {
      const isFrozen = state?.ownRedis === "frozen"
      await act(`redis/${action === "freeze" && isFrozen ? "thaw" : action}`)
      return ""
    })
  )
}

onClick("read", () =>
  attempt(async () => {
    const began = performance.now()
    const { name, population } = await readCity(cityId())
    return `${name}: ${count(population)} people, answered in ${millis(performance.now() - began)}.`
  })
)
onClick("invalidate", () =>
  attempt(async () => {
    await act("invalidate", { id: cityId() })
    return `${cityName()} is invalidated: its next read comes from the database.`
  })
)
onClick("invalidate-all", () =>
  attempt(async () => {
    await act("invalidate-all")
    return "Everything is invalidated."
  })
)
onSubmit(cityForm, () =>
  attempt(async () => {
    const population = numberIn(cityForm, "population")
    await act("update", { id: cityId(), population })
    return `${cityName()} has ${count(Number(population))} people now, and no read sees the old number.`
  }, cityForm)
)
citySelect.addEventListener("change", suggestPopulation)

while (true) {
  if (!document.hidden) await refresh()
  await new Promise((resolve) => setTimeout(resolve, 1_000))
}
