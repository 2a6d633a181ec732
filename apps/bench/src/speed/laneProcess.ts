/**
 * A process that runs one case of one contestant, a run at a time, as its parent orders.
 */
import type { Open } from "./Contestant.ts"
import type { Answer, CaseOrder, Order } from "./Lane.ts"
import { each, measuring } from "./measure.ts"
import { works } from "./works/index.ts"

const { entrant, place, variant, work: name }: CaseOrder = JSON.parse(process.argv[2] ?? "")
const tell = (answer: Answer) => process.send?.(answer)

const work = works.find((each) => each.name === name)
if (work === undefined) throw new Error(`There is no work ${name}`)
const module: Record<string, Open> = await import(entrant.module)
const open = module[entrant.open] as Open
const contestant = await open(place)

const lacking = work.needs.find((operation) => contestant.operations[operation] === undefined)
if (lacking !== undefined) {
  tell({ tag: "lacks", operation: lacking })
  process.exit()
}

// Some clients connect at their first command; later the process is stopped between runs.
const { get } = contestant.operations
if (get !== undefined) await each(contestant, 1, { ask: () => get.ask("no such key"), check: () => {} })

// The garbage of the start goes before the first command. Where V8 collects it among the first hundreds of commands, it
// takes what they create for long-lived and allocates it so ever after, at down to half the speed.
globalThis.gc?.()

const task = await work.start(contestant, variant, place)
const { prepare, run } = measuring(contestant, task, variant, work.watches)

const answer = async (order: Order): Promise<Answer> => {
  if (order.tag === "prepare") {
    await prepare()
    return { tag: "prepared" }
  }
  if (order.tag === "run") return { tag: "ran", measured: await run(order.millis) }
  await contestant.close()
  return { tag: "closed" }
}

process.on("message", async (order: Order) => tell(await answer(order)))
process.on("disconnect", () => process.exit())
tell({ tag: "ready" })
