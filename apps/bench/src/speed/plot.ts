import type { Spread } from "./statistics.ts"

/** One case in the plot. */
export interface Panel {
  readonly title: string
  readonly rows: ReadonlyArray<{ readonly name: string; readonly ratio: Spread }>
}

const columns = 2
const width = 460
const gap = 24
const titleHeight = 34
const rowHeight = 18
const nameWidth = 192
const barWidth = width - nameWidth - 56

const margin = 16

const style = `
  .ground { fill: #ffffff }
  text { font: 12px system-ui, sans-serif; fill: #1f2328; stroke: #ffffff; stroke-width: 3px; paint-order: stroke }
  .title { font-size: 12px; font-weight: 600 }
  .name { text-anchor: end }
  .bar { fill: #a8b1bb }
  .ours { fill: #0969da }
  .spread { stroke: #59636e }
  .one { stroke: #59636e; stroke-dasharray: 2 3 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117 }
    text { fill: #e6edf3; stroke: #0d1117 }
    .bar { fill: #57606a }
    .ours { fill: #4493f8 }
    .spread, .one { stroke: #b1bac4 }
  }`

/**
 * Draws panels of bars as SVG, readable on light and on dark ground. A bar is a median, the thin line on it reaches from
 * quartile to quartile, and the dotted line stands at 1.
 */
export const plotOf = (panels: ReadonlyArray<Panel>): string => {
  const lines = Array.from({ length: Math.ceil(panels.length / columns) }, (_, line) =>
    panels.slice(line * columns, (line + 1) * columns)
  )
  let top = margin
  const drawn = lines.flatMap((line) => {
    const y = top
    top += Math.max(...line.map(heightOf)) + gap
    return line.map((panel, column) => translated(margin + column * (width + gap), y, drawPanel(panel)))
  })
  const size = `viewBox="0 0 ${2 * margin + columns * width + (columns - 1) * gap} ${top}"`
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img">\n<title>Speed, case by case</title>\n<style>${style}\n</style>\n<rect class="ground" width="100%" height="100%"/>\n${drawn.join("\n")}\n</svg>\n`
}

const heightOf = ({ rows }: Panel): number => titleHeight + rows.length * rowHeight

const translated = (x: number, y: number, content: string): string =>
  `<g transform="translate(${x} ${y})">${content}</g>`

const drawPanel = ({ rows, title }: Panel): string => {
  const longest = Math.max(1, ...rows.map(({ ratio }) => ratio.high))
  const at = (ratio: number): string => (nameWidth + (barWidth * ratio) / longest).toFixed(1)
  const bottom = titleHeight + rows.length * rowHeight
  const bars = rows.map(({ name, ratio }, row) => {
    const y = titleHeight + row * rowHeight
    const middle = y + rowHeight / 2 - 2
    const length = Number(at(ratio.median)) - nameWidth
    return [
      `<text class="name" x="${nameWidth - 8}" y="${y + 11}">${escaped(name)}</text>`,
      `<rect class="bar${name.startsWith("hexcache") ? " ours" : ""}" x="${nameWidth}" y="${y}" width="${length.toFixed(1)}" height="${rowHeight - 4}" rx="2"/>`,
      `<path class="spread" d="M${at(ratio.low)} ${middle}H${at(ratio.high)}"/>`,
      `<text x="${Number(at(Math.max(ratio.median, ratio.high))) + 6}" y="${y + 11}">${labelOf(ratio.median)}</text>`
    ].join("")
  })
  return [
    `<text class="title" x="0" y="18">${escaped(title)}</text>`,
    `<path class="one" d="M${at(1)} ${titleHeight - 4}V${bottom}"/>`,
    ...bars
  ].join("\n")
}

const labelOf = (ratio: number): string => (ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(ratio < 0.995 ? 2 : 1))

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
