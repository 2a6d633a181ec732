/**
 * The minute, as bars.
 *
 * @import { Second } from "../src/show/watch/Minute.ts"
 */

/** The seconds that a chart has room for. */
const room = 60
const height = 100
const gap = 0.18

/**
 * A bar for each second, made of parts that stand on each other, the newest at the right.
 *
 * @param {SVGElement} chart
 * @param {ReadonlyArray<Second>} seconds
 * @param {(second: Second) => ReadonlyArray<readonly [kind: string, value: number]>} partsOf
 * @param {(second: Second) => number} [boundOf] a line beside the bars
 */
export const draw = (chart, seconds, partsOf, boundOf) => {
  const top = Math.max(
    1,
    ...seconds.map((second) => partsOf(second).reduce((sum, [, value]) => sum + value, 0)),
    ...(boundOf === undefined ? [] : seconds.map(boundOf))
  )
  const y = (/** @type {number} */ value) => height - (value / top) * height * 0.95
  const x = (/** @type {number} */ place) => room - seconds.length + place

  const bars = seconds.flatMap((second, place) => {
    let below = 0
    return partsOf(second).flatMap(([kind, value]) => {
      if (value === 0) return []
      const bar = shape("rect", {
        class: kind,
        x: x(place) + gap / 2,
        width: 1 - gap,
        y: y(below + value),
        height: y(below) - y(below + value)
      })
      below += value
      return [bar]
    })
  })
  const axis = shape("line", { class: "axis", x1: 0, x2: room, y1: height, y2: height })
  const line = boundOf === undefined ? [] : [shape("path", { class: "bound", d: steps(seconds.map(boundOf), x, y) })]

  chart.setAttribute("viewBox", `0 0 ${room} ${height}`)
  chart.setAttribute("preserveAspectRatio", "none")
  for (const old of chart.querySelectorAll(":not(title)")) old.remove()
  chart.append(axis, ...bars, ...line)
}

/** @param {ReadonlyArray<number>} values @param {(place: number) => number} x @param {(value: number) => number} y */
const steps = (values, x, y) =>
  values.map((value, place) => `${place === 0 ? "M" : "L"}${x(place)} ${y(value)}H${x(place + 1)}`).join("")

/** @param {string} name @param {Readonly<Record<string, string | number>>} attributes */
const shape = (name, attributes) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name)
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, String(value))
  return element
}
