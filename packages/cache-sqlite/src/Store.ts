/**
 * The entries of a database, with their expiry and their bound. Knows nothing of Effect; every operation takes the time as
 * an argument, in milliseconds, and throws the errors of SQLite.
 *
 * @internal
 */
import { Buffer } from "node:buffer"
import type { DatabaseSync } from "node:sqlite"
import { Counter, type DriverResult } from "@hexcache/cache-port"

/** Expired entries that a write removes, and entries that it evicts, at most for each of its own: no write takes long. */
const reclaimedByWrite = 16
const evictedByWrite = 256

/** The time for which a use counts: a later read is noted anew, an earlier one is not, and writes nothing. */
const useMillis = 60_000

/** The most keys whose reads are remembered until they are noted. */
const mostUses = 1_000

/**
 * Keys and values are blobs of UTF-8: every text keeps its bytes, and keys are ordered by them. A value has a table of its
 * own, so that a new time to live does not rewrite it. The names have the version of the layout, so that another version
 * makes tables of its own.
 */
const schema = `
CREATE TABLE IF NOT EXISTS hexcache1_entry (
  id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, bytes INTEGER NOT NULL, expires REAL NOT NULL, used REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS hexcache1_value (id INTEGER PRIMARY KEY, value BLOB);
CREATE TABLE IF NOT EXISTS hexcache1_total (id INTEGER PRIMARY KEY, bytes INTEGER NOT NULL);
INSERT OR IGNORE INTO hexcache1_total VALUES (1, 0);
CREATE INDEX IF NOT EXISTS hexcache1_expires ON hexcache1_entry (expires);
CREATE INDEX IF NOT EXISTS hexcache1_used ON hexcache1_entry (used);
CREATE TRIGGER IF NOT EXISTS hexcache1_insert AFTER INSERT ON hexcache1_entry BEGIN
  UPDATE hexcache1_total SET bytes = bytes + new.bytes;
END;
CREATE TRIGGER IF NOT EXISTS hexcache1_update AFTER UPDATE OF bytes ON hexcache1_entry BEGIN
  UPDATE hexcache1_total SET bytes = bytes + new.bytes - old.bytes;
END;
CREATE TRIGGER IF NOT EXISTS hexcache1_delete AFTER DELETE ON hexcache1_entry BEGIN
  UPDATE hexcache1_total SET bytes = bytes - old.bytes;
  DELETE FROM hexcache1_value WHERE id = old.id;
END;
`

interface Row {
  readonly id: number
  readonly value: Uint8Array | null
  readonly expires: number
  readonly used: number
}

const bytesOf = (text: string): Buffer => Buffer.from(text, "utf8")

const textOf = (bytes: Uint8Array | null): string =>
  bytes === null ? "" : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8")

/** The key behind all that begin with these bytes: no byte of UTF-8 is 255. */
const behind = (prefix: Buffer): Buffer => Buffer.concat([prefix, Buffer.of(0xff)])

/** The entries of an open database. */
export class Store {
  readonly #database: DatabaseSync
  readonly #maxBytes: number
  readonly #statements: ReturnType<typeof prepare>
  readonly #uses = new Set<string>()

  /** Makes the tables that are not there yet. */
  constructor(database: DatabaseSync, maxBytes: number) {
    this.#database = database
    this.#maxBytes = maxBytes
    if (database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'hexcache1_delete'").get() === undefined) {
      this.transaction(() => database.exec(schema))
    }
    this.#statements = prepare(database)
  }

  /** Runs work in one transaction, with the lock of a writer from its beginning. */
  transaction<A>(work: () => A): A {
    return this.#within("BEGIN IMMEDIATE", work)
  }

  /** Runs reads as of one moment. */
  snapshot<A>(work: () => A): A {
    return this.#within("BEGIN", work)
  }

  #within<A>(begin: string, work: () => A): A {
    this.#database.exec(begin)
    try {
      const result = work()
      this.#database.exec("COMMIT")
      return result
    } catch (error) {
      try {
        this.#database.exec("ROLLBACK")
      } catch {
        // SQLite has ended the transaction itself, as it does where the file is full or broken.
      }
      throw error
    }
  }

  /** The live value. Reading it is a use of the entry. */
  get(key: string, now: number): string | undefined {
    const row = this.#find(key, now)
    if (row === undefined) return undefined
    if (Math.abs(now - row.used) >= useMillis && this.#uses.size < mostUses) this.#uses.add(key)
    return textOf(row.value)
  }

  /** When a live entry expires, `Infinity` for never, `undefined` for an absent key. */
  expiresAt(key: string, now: number): number | undefined {
    const row = this.#statements.expires.get(bytesOf(key), now) as Pick<Row, "expires"> | undefined
    return row?.expires
  }

  /** True if one entry alone is within the bound. */
  fits(key: string, value: string): boolean {
    return (
      (key.length + value.length) * 3 <= this.#maxBytes ||
      Buffer.byteLength(key) + Buffer.byteLength(value) <= this.#maxBytes
    )
  }

  /** Replaces value and expiry of an entry that fits, within a transaction, and evicts others so that the bound holds. */
  set(key: string, value: string, expiresAt: number, now: number): void {
    this.setMany([[key, value]], expiresAt, now)
  }

  /** As `set`, for many entries, each of which fits. Expired ones go first, together: that costs as much as an entry. */
  setMany(entries: ReadonlyArray<readonly [key: string, value: string]>, expiresAt: number, now: number): void {
    this.#statements.reclaim.run(now, reclaimedByWrite * entries.length)
    for (const [key, value] of entries) this.#put(bytesOf(key), bytesOf(value), expiresAt, now)
  }

  #put(name: Buffer, bytes: Buffer, expiresAt: number, now: number): void {
    const row = this.#statements.put.get(name, name.length + bytes.length, expiresAt, now) as Pick<Row, "id">
    this.#statements.putValue.run(row.id, bytes)
    this.#evict(row.id, now, evictedByWrite)
  }

  /** Gives a live entry another expiry. False for an absent key. */
  expire(key: string, expiresAt: number, now: number): boolean {
    return this.#statements.prolong.run(expiresAt, bytesOf(key), now).changes === 1
  }

  /** Removes an entry. True if it was live. */
  delete(key: string, now: number): boolean {
    return this.#statements.remove.run(bytesOf(key), now).changes === 1
  }

  /** Adds to a counter, within a transaction. */
  increment(key: string, amount: number, freshExpiry: number, now: number): DriverResult<number> | "TooLarge" {
    const row = this.#find(key, now)
    const sum = Counter.add(row === undefined ? "0" : textOf(row.value), amount)
    if (typeof sum !== "number") return sum
    if (!this.fits(key, String(sum))) return "TooLarge"
    this.set(key, String(sum), row === undefined ? freshExpiry : row.expires, now)
    return sum
  }

  /** Live keys from a place on that begin with a prefix, in the order of their bytes, one by one. */
  *keys(prefix: string, from: Buffer | undefined, now: number): Generator<readonly [key: string, next: Buffer]> {
    const start = bytesOf(prefix)
    for (const row of this.#statements.keys.iterate(from ?? start, behind(start), now)) {
      const key = row.key as Uint8Array
      // A zero byte behind a key makes the very next one.
      yield [textOf(key), Buffer.concat([key, Buffer.of(0)])]
    }
  }

  /** Notes reads, removes expired entries, and evicts what is over the bound. True if there is more to remove. */
  maintain(now: number, limit: number): boolean {
    if (this.#uses.size === 0 && !this.#isDue(now)) return false
    return this.transaction(() => {
      for (const key of this.#uses) this.#statements.use.run(now, bytesOf(key))
      this.#uses.clear()
      const reclaimed = Number(this.#statements.reclaim.run(now, limit).changes)
      return reclaimed === limit || this.#evict(-1, now, limit)
    })
  }

  #isDue(now: number): boolean {
    return this.#statements.expired.get(now) !== undefined || this.#total() > this.#maxBytes
  }

  #find(key: string, now: number): Row | undefined {
    return this.#statements.find.get(bytesOf(key), now) as Row | undefined
  }

  #total(): number {
    return (this.#statements.total.get() as { readonly bytes: number }).bytes
  }

  /** Evicts the least recently used but one, at most `limit`, the expired before them. True if there are more. */
  #evict(kept: number, now: number, limit: number): boolean {
    if (this.#total() <= this.#maxBytes) return false
    this.#statements.reclaim.run(now, limit)
    for (let evicted = 0; this.#total() > this.#maxBytes; evicted++) {
      if (evicted === limit) return true
      if (this.#statements.evict.run(kept).changes === 0) return false
    }
    return false
  }
}

const prepare = (database: DatabaseSync) => ({
  find: database.prepare(
    `SELECT id, value, expires, used FROM hexcache1_entry JOIN hexcache1_value USING (id) WHERE key = ? AND expires > ?`
  ),
  expires: database.prepare("SELECT expires FROM hexcache1_entry WHERE key = ? AND expires > ?"),
  put: database.prepare(
    `INSERT INTO hexcache1_entry (key, bytes, expires, used) VALUES (?, ?, ?, ?)
     ON CONFLICT (key) DO UPDATE SET bytes = excluded.bytes, expires = excluded.expires, used = excluded.used
     RETURNING id`
  ),
  putValue: database.prepare("INSERT OR REPLACE INTO hexcache1_value VALUES (?, ?)"),
  prolong: database.prepare("UPDATE hexcache1_entry SET expires = ? WHERE key = ? AND expires > ?"),
  remove: database.prepare("DELETE FROM hexcache1_entry WHERE key = ? AND expires > ?"),
  keys: database.prepare("SELECT key FROM hexcache1_entry WHERE key >= ? AND key < ? AND expires > ? ORDER BY key"),
  use: database.prepare("UPDATE hexcache1_entry SET used = ? WHERE key = ?"),
  expired: database.prepare("SELECT 1 FROM hexcache1_entry WHERE expires <= ? LIMIT 1"),
  reclaim: database.prepare(
    `DELETE FROM hexcache1_entry WHERE id IN
     (SELECT id FROM hexcache1_entry WHERE expires <= ? ORDER BY expires LIMIT ?)`
  ),
  evict: database.prepare(
    "DELETE FROM hexcache1_entry WHERE id = (SELECT id FROM hexcache1_entry WHERE id <> ? ORDER BY used, id LIMIT 1)"
  ),
  total: database.prepare("SELECT bytes FROM hexcache1_total")
})
