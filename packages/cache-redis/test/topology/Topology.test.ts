import { assert, describe, it } from "@effect/vitest"
import { addressOf, make, mostConfirmed, type Node, type Told } from "../../src/topology/Topology.ts"

const node = (host: string): Node => ({ host, port: 7_000 })

/** A map in which hosts share the slots evenly, a host with its replica being written as `a/b`. */
const map = (...hosts: ReadonlyArray<string>) => {
  const each = 16_384 / hosts.length
  const ranges = hosts.map((names, index) => ({
    first: Math.ceil(index * each),
    last: Math.ceil((index + 1) * each) - 1,
    nodes: names.split("/").map(node)
  }))
  return make(ranges, (announced) => announced)
}

const told = (by: string, topology: Told["topology"], isRoot = false): Told => ({
  by: addressOf(node(by)),
  isRoot,
  topology
})

describe("make", () => {
  it("gives each master one of its slots, and counts the nodes of all ranges", () => {
    const topology = map("a/d", "b/e", "c")
    assert.deepStrictEqual(
      topology.masters.map(({ host, slot }) => [host, slot]),
      [
        ["a", 0],
        ["b", 5_462],
        ["c", 10_923]
      ]
    )
    assert.deepStrictEqual([...topology.nodes.keys()], ["a:7000", "d:7000", "b:7000", "e:7000", "c:7000"])
    assert.isTrue(topology.isCovered)
  })

  it("is not covered where a slot has no master", () => {
    assert.isFalse(make([{ first: 0, last: 16_382, nodes: [node("a")] }], (announced) => announced).isCovered)
    assert.isFalse(make([{ first: 0, last: 16_383, nodes: [] }], (announced) => announced).isCovered)
  })

  it("has the same digest for the same owners, whatever the order and the replicas", () => {
    const ranges = [
      { first: 0, last: 9, nodes: [node("a"), node("b")] },
      { first: 10, last: 16_383, nodes: [node("c")] }
    ]
    const same = [ranges[1], { ...ranges[0], nodes: [node("a")] }] as typeof ranges
    const identity = (announced: Node) => announced
    assert.strictEqual(make(ranges, identity).digest, make(same, identity).digest)
    assert.notStrictEqual(make(ranges, identity).digest, map("a").digest)
  })
})

describe("mostConfirmed", () => {
  it("believes the masters that confirm each other rather than one that was frozen meanwhile", () => {
    const [before, now] = [map("a", "b", "c"), map("d", "b", "c")]
    const found = mostConfirmed([told("a", before, true), told("b", now), told("c", now), told("d", now)])
    assert.strictEqual(found?.digest, now.digest)
  })

  it("believes a root node where each of two maps is confirmed by all of its masters", () => {
    const [old, next] = [map("a", "b", "c"), map("d", "e", "f")]
    const island = ["a", "b", "c", "b", "c"].map((by) => told(by, old))
    const found = mostConfirmed([...island, ...["d", "e", "f"].map((by) => told(by, next)), told("name", next, true)])
    assert.strictEqual(found?.digest, next.digest)
  })

  it("does not believe one node that is left of a cluster that was replaced", () => {
    const [old, next] = [map("a", "b", "c"), map("d", "e", "f")]
    const found = mostConfirmed([told("a", old), ...["d", "e", "f"].map((by) => told(by, next))])
    assert.strictEqual(found?.digest, next.digest)
  })

  it("believes a map of every slot rather than those of nodes that do not know all others yet", () => {
    const [whole, part] = [map("a", "b", "c"), make([{ first: 0, last: 5_461, nodes: [node("a")] }], (node) => node)]
    assert.strictEqual(mostConfirmed([told("a", part, true), told("b", whole)])?.digest, whole.digest)
  })

  it("keeps a replica that only some of the nodes see", () => {
    const found = mostConfirmed([told("a", map("a/c", "b")), told("b", map("a", "b/d"))])
    assert.deepStrictEqual([...(found?.nodes.keys() ?? [])].toSorted(), ["a:7000", "b:7000", "c:7000", "d:7000"])
  })

  it("is none where nobody told a map", () => {
    assert.isUndefined(mostConfirmed([]))
  })
})
