/**
 * The state, shown.
 *
 * @import { Second } from "../src/show/watch/Minute.ts"
 * @import { Snapshot } from "../src/show/watch/Snapshot.ts"
 */
import { draw } from "./charts.js"
import { age, count, megabytes, millis, percent, short } from "./text.js"

/** @param {string} id */
export const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id))

/** @param {string} id @param {string} text */
const write = (id, text) => {
  const element = byId(id)
  if (element.textContent !== text) element.textContent = text
}

/** @param {Snapshot} state */
export const show = (state) => {
  showFigures(state)
  showCharts(state)
  showControls(state)
  byId("cities").replaceChildren(...state.cities.map((row) => cityRow(row, sourceNames(state))))
  showOperations(state.operations)
}

/** @param {Snapshot} state @returns {Readonly<Record<string, string>>} */
const sourceNames = ({ system }) => ({
  memory: system === "memory" ? "memory" : "near cache",
  store: "Redis",
  database: "database"
})

/** @param {Second} second */
const requestsOf = ({ sources }) => sources.memory + sources.store + sources.database

/** @param {Snapshot} state */
const showFigures = (state) => {
  const last = state.seconds.at(-1)
  if (last !== undefined) {
    const { longest, lookup, promised, stall } = last
    write("longest", requestsOf(last) + state.waiting === 0 ? "–" : millis(longest))
    write("promised", millis(promised))
    write("parts", `${state.deadline} deadline + ${Math.round(lookup)} database + ${Math.round(stall)} event loop`)
    byId("longest-bar").style.setProperty("--share", String(Math.min(1, longest / promised)))
    write("rate", count(requestsOf(last)))
  }
  const { hits, misses } = sum(state.seconds.slice(-10))
  write("hit-rate", hits + misses === 0 ? "–" : percent(hits / (hits + misses)))
  write("waiting", count(state.waiting))

  write("connection-name", state.system === "memory" ? "Cache in memory" : "Connection to Redis")
  const answers = "millis" in state.connection
  mark("connection", answers ? "answers" : "no answer", answers)
  write(
    "connection-note",
    "millis" in state.connection ? `in ${millis(state.connection.millis)}` : state.connection.message
  )

  mark("breaker", state.breaker, state.breaker === "closed")
  write("failures", count(state.cacheFailures))

  write("entries", state.entries === null ? "–" : count(state.entries))
  const redis = state.memory.redis === null ? "" : `${megabytes(state.memory.redis)} in Redis, `
  write("memory", `${redis}${megabytes(state.memory.process)} in this process`)
}

/** @param {string} id @param {string} text @param {boolean} isGood */
const mark = (id, text, isGood) => {
  write(id, text)
  byId(id).dataset.is = isGood ? "good" : "bad"
}

/** @param {ReadonlyArray<Second>} seconds */
const sum = (seconds) =>
  seconds.reduce(
    (total, { hits, misses, sources }) => ({
      hits: total.hits + hits,
      misses: total.misses + misses,
      memory: total.memory + sources.memory,
      store: total.store + sources.store,
      database: total.database + sources.database
    }),
    { hits: 0, misses: 0, memory: 0, store: 0, database: 0 }
  )

/** @param {Snapshot} state */
const showCharts = (state) => {
  const { seconds, system } = state
  const names = sourceNames(state)
  write("memory-legend", /** @type {string} */ (names.memory))
  byId("store-legend").hidden = system === "memory"
  const chartOf = (/** @type {string} */ id) => /** @type {SVGElement} */ (/** @type {unknown} */ (byId(id)))

  draw(chartOf("sources-chart"), seconds, ({ sources }) => [
    ["memory", sources.memory],
    ["store", sources.store],
    ["database", sources.database]
  ])
  draw(
    chartOf("longest-chart"),
    seconds,
    ({ longest }) => [["longest", longest]],
    ({ promised }) => promised
  )

  const { database, memory, store } = sum(seconds)
  if (memory + store + database === 0) return
  const fromCache =
    system === "memory"
      ? `${count(memory)} from memory`
      : `${count(memory)} from the near cache, ${count(store)} from Redis`
  write("sources-text", `In the last ${seconds.length} s: ${fromCache}, ${count(database)} from the database.`)

  const longest = millis(Math.max(...seconds.map(({ longest }) => longest)))
  const waited = millis(Math.max(...seconds.map(({ waited }) => waited)))
  write(
    "longest-text",
    `Longest in the last ${seconds.length} s: ${longest}. None waited longer than ${waited} for the cache.`
  )
}

/** @param {Snapshot} state */
const showControls = ({ load, ownRedis }) => {
  byId("redis").hidden = ownRedis === null
  byId("no-redis").hidden = ownRedis !== null
  if (ownRedis !== null) {
    mark("redis-state", ownRedis, ownRedis === "running")
    write("freeze", ownRedis === "frozen" ? "Thaw" : "Freeze")
    enable("freeze", ownRedis !== "killed")
    enable("kill", ownRedis !== "killed")
  }
  enable("stop", load !== null)
  write("load-left", load === null ? "" : `${load.requestsPerSecond}/s for ${Math.ceil(load.left / 1_000)} s more`)
}

/** A button that has nothing to do keeps the focus. @param {string} id @param {boolean} isUseful */
const enable = (id, isUseful) => byId(id).setAttribute("aria-disabled", String(!isUseful))

/** @param {Snapshot["cities"][number]} row @param {Readonly<Record<string, string>>} names */
const cityRow = ({ answer, city }, names) => {
  const name = element("th", `${city.name} `)
  name.scope = "row"
  name.append(element("span", city.country, "note"))
  const source = element("span", answer === null ? "not asked yet" : (names[answer.source] ?? ""))
  source.className = answer === null ? "source note" : `source ${answer.source}`
  const from = document.createElement("td")
  from.append(source)
  const row = document.createElement("tr")
  row.append(
    name,
    element("td", count(city.population), "number"),
    from,
    element("td", answer === null ? "–" : age(answer.age), "number"),
    element("td", answer === null ? "–" : millis(answer.took), "number optional")
  )
  return row
}

/** From so many milliseconds on no buckets of their own: no operation takes that long. */
const longOperation = 500

/** @param {Snapshot["operations"]} operations */
const showOperations = (operations) => {
  const [first] = operations
  if (first === undefined) return
  const bounds = first.buckets.flatMap(({ millis }) => (millis === null || millis > longOperation ? [] : [millis]))
  const heads = ["Operation", ...bounds.map((bound) => `${bound} ms`), "more"].map((text) => {
    const head = element("th", text)
    head.scope = "col"
    return head
  })
  byId("buckets").replaceChildren(...heads)

  byId("operations").replaceChildren(
    ...operations.map(({ buckets, count: all, name }) => {
      const counts = bounds.map((bound) => buckets.find(({ millis }) => millis === bound)?.count ?? 0)
      const long = all - counts.reduce((total, count) => total + count, 0)
      const head = element("th", name)
      head.scope = "row"
      const row = document.createElement("tr")
      row.append(head, ...[...counts, long].map((count) => bucketCell(count, all)))
      return row
    })
  )
}

/** @param {number} value @param {number} all */
const bucketCell = (value, all) => {
  const cell = element("td", short(value), value === 0 ? "none" : "")
  const bar = document.createElement("i")
  // By the logarithm, or the few that took long would not be seen beside thousands.
  bar.style.setProperty("--share", String(Math.log1p(value) / Math.log1p(all)))
  cell.prepend(bar)
  return cell
}

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {string} text
 * @param {string} [className]
 */
const element = (name, text, className = "") => {
  const made = document.createElement(name)
  made.textContent = text
  made.className = className
  return made
}
