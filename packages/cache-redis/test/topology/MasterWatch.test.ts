/** Which master is right when sentinels disagree. */
import { assert, describe, it } from "@effect/vitest"
import { chooseMaster } from "../../src/topology/MasterWatch.ts"

const master = (host: string, epoch: number) => ({ host, port: 6379, epoch })

const a = master("a", 5)

describe("the master of a group", () => {
  for (const [name, named, present, right] of [
    ["is the one that the only sentinel names", [a], undefined, a],
    ["is unknown while no sentinel has answered", [], undefined, undefined],
    ["stays while no sentinel answers", [], a, a],
    [
      "is the one of the newest failover, though one sentinel only knows of it",
      [a, master("b", 6), a],
      a,
      master("b", 6)
    ],
    ["stays when the sentinel that knew of its failover is away", [master("b", 5)], master("a", 6), master("a", 6)],
    ["stays where a restarted sentinel names one of long ago", [a, master("b", 0), a], a, a],
    [
      "is the one of an older failover where a majority names it: the group was set up anew",
      [master("b", 0), master("b", 0)],
      a,
      master("b", 0)
    ],
    ["is the one that most name of the same failover", [a, master("b", 5), master("b", 5)], a, master("b", 5)],
    ["stays where as many name another of the same failover", [a, master("b", 5)], a, a],
    ["has the number of its newest failover", [master("a", 7), a], a, master("a", 7)]
  ] as const) {
    it(name, () => {
      assert.deepStrictEqual(chooseMaster(named, present, 3), right)
    })
  }
})
