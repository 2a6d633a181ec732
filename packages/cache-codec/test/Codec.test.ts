import { randomBytes } from "node:crypto"
import { brotliCompressSync, crc32 } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import { Codec } from "@hexcache/cache-codec"
import { CacheMemory } from "@hexcache/cache-memory"
import { CachePort } from "@hexcache/cache-port"
import { anyCharacter } from "@hexcache/cache-port/test-support/anyCharacter"
import { Cached } from "@hexcache/cached"
import { Effect, Option, Schema, Stream } from "effect"
import fc from "fast-check"

const records = (count: number): string =>
  JSON.stringify(Array.from({ length: count }, (_, id) => ({ id, name: `Zürich ${id}`, tags: ["red", "blue"] })))

const hundred = records(100)
const { decode, encode } = Codec.compressed()

describe("compressed", () => {
  it("gives back every text", () => {
    const codec = Codec.compressed({ above: 20 })
    const text = fc.json({ stringUnit: anyCharacter }).map((json) => `[${json}]`)
    fc.assert(
      fc.property(fc.array(text).map(String), (text) => {
        assert.strictEqual(codec.decode(codec.encode(text)), text)
      })
    )
    for (const text of [hundred, records(10_000), "", "[]"]) assert.strictEqual(codec.decode(codec.encode(text)), text)
  })

  it("writes records of JSON in less than a third of their bytes, in ASCII that is not taken for a text", () => {
    const written = encode(hundred)
    assert.isBelow(written.length, Buffer.byteLength(hundred) / 3)
    assert.match(written, /^br:\d+:[A-Za-z0-9+/]+=*$/)
  })

  it("leaves alone what is not above the size in bytes, and what would not be shorter", () => {
    const ofBytes = (bytes: number) => `["${"é".repeat((bytes - 4) / 2)}"]`
    const codec = Codec.compressed({ above: 100 })
    assert.strictEqual(codec.encode(ofBytes(100)), ofBytes(100))
    assert.notStrictEqual(codec.encode(ofBytes(102)), ofBytes(102))
    const random = JSON.stringify([randomBytes(1_000).toString("base64")])
    assert.strictEqual(codec.encode(random), random)
    assert.strictEqual(encode(ofBytes(4_096)), ofBytes(4_096))
    assert.notStrictEqual(encode(ofBytes(4_098)), ofBytes(4_098))
  })

  it("leaves alone what is not well-formed, which the port refuses", () => {
    const text = `["${"\ud800".repeat(5_000)}"]`
    assert.strictEqual(encode(text), text)
  })

  it("reads nothing from what was damaged in any place", () => {
    const written = encode(hundred)
    for (let at = 3; at < written.length; at++) {
      for (const other of ["A", "7", ":", "", "é"]) {
        const read = decode(written.slice(0, at) + other + written.slice(at + 1))
        if (read !== undefined) assert.strictEqual(read, hundred)
      }
      if (at < written.length - 4) assert.isUndefined(decode(written.slice(0, at)))
    }
    for (const text of ["br:", "br::", "br:0:", "br:0:%%%", "br:NaN:AAAA"]) assert.isUndefined(decode(text))
  })

  it("reads nothing that is longer than maxBytes, and leaves it alone when it writes", () => {
    const megabytes = Buffer.alloc(64 * 1_048_576, "[")
    const bomb = `br:${crc32(megabytes)}:${brotliCompressSync(megabytes).toString("base64")}`
    assert.isBelow(bomb.length, 1_000)
    assert.isUndefined(decode(bomb))
    assert.strictEqual(Codec.compressed({ maxBytes: megabytes.length }).decode(bomb)?.length, megabytes.length)
    assert.isUndefined(Codec.compressed({ maxBytes: megabytes.length - 1 }).decode(bomb))
    assert.strictEqual(Codec.compressed({ maxBytes: Buffer.byteLength(hundred) - 1 }).encode(hundred), hundred)
  })

  it("throws on options out of range", () => {
    for (const options of [{ above: -1 }, { above: Number.NaN }, { maxBytes: 0 }, { maxBytes: Number.NaN }]) {
      assert.throws(() => Codec.compressed(options), TypeError)
    }
  })

  it.effect("keeps the values of a Cached", () => {
    let lookups = 0
    const reports = Cached.make({
      namespace: "report",
      schema: Schema.Array(Schema.String),
      lookup: (id: number) =>
        Effect.sync(() => {
          lookups++
          return Array.from({ length: 1_000 }, () => `report ${id}`)
        }),
      ttl: "1 hour",
      codec: Codec.compressed()
    })
    return Effect.gen(function* () {
      const looked = yield* reports.get(1)
      assert.deepStrictEqual(yield* reports.get(1), looked)
      assert.strictEqual(lookups, 1)
      const cache = yield* CachePort
      const values = yield* cache.getMany(yield* Stream.runCollect(cache.scan("*")))
      const written = Array.from(
        values.values(),
        Option.getOrElse(() => "")
      )
      assert.strictEqual(written.filter((text) => text.startsWith("br:")).length, 1)
      assert.isTrue(written.every(({ length }) => length < 500))
    }).pipe(Effect.provide(CacheMemory.layer()))
  })
})
