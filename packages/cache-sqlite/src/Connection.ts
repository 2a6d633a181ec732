/**
 * The connection to a database: opens it when it is needed, sets a broken file aside, and opens it anew.
 *
 * @internal
 */
import { mkdirSync, renameSync, rmSync, statSync } from "node:fs"
import { dirname } from "node:path"
import type { DatabaseSync } from "node:sqlite"
import { DriverFailure, Unavailable } from "@hexcache/cache-port"
import { failureOf, kindOf } from "./SqliteFailure.ts"
import { Store } from "./Store.ts"

/** Another connection holds the lock, and the operation did nothing. */
export const Busy: unique symbol = Symbol("Busy")

/** The time after a failed opening in which operations fail at once, in milliseconds. */
const pauseMillis = 500

/** Undefined in older versions of Node and in other runtimes, where the cache fails and its import does not. */
const sqlite: typeof import("node:sqlite") | undefined = process.getBuiltinModule("node:sqlite")

interface Opened {
  readonly database: DatabaseSync
  readonly store: Store
  /** The file that was opened, which may have another in its place by now. */
  readonly inode: bigint | undefined
}

/** A connection, which opens itself. */
export class Connection {
  readonly #path: string
  readonly #maxBytes: number
  readonly #setUp: string
  readonly #onSetAside: (path: string) => void
  #opened: Opened | undefined
  #failure: DriverFailure | undefined
  #failedAt = 0
  #isClosed = false
  #setAsideCount = 0

  /** `setUp` is SQL that each opening runs; `onSetAside` takes the path that a broken file has from then on. */
  constructor(path: string, maxBytes: number, onSetAside: (path: string) => void, setUp = "") {
    this.#path = path
    this.#maxBytes = maxBytes
    this.#onSetAside = onSetAside
    this.#setUp = setUp
  }

  /** Runs work on the entries, without a wait; again where a broken file was set aside. Never throws. */
  attempt<A>(work: (store: Store) => A): A | DriverFailure | typeof Busy {
    const setAside = this.#setAsideCount
    try {
      return this.#run(work)
    } catch (error) {
      const failure = this.#recover(error)
      if (this.#setAsideCount === setAside) return failure
    }
    try {
      return this.#run(work)
    } catch (error) {
      return this.#recover(error)
    }
  }

  #run<A>(work: (store: Store) => A): A | DriverFailure {
    const store = this.#open()
    return store instanceof Store ? work(store) : store
  }

  /** Runs work if the database is open already. */
  attemptIfOpen<A>(work: (store: Store) => A): A | DriverFailure | typeof Busy | undefined {
    return this.#opened === undefined ? undefined : this.attempt(work)
  }

  /** Closes a database whose file was removed or replaced, so that the next operation opens the file in its place. */
  followFile(): void {
    try {
      if (this.#opened !== undefined && this.#opened.inode !== this.#inode()) this.#closeDatabase()
    } catch {
      // A folder that cannot be read says nothing about the file.
    }
  }

  close(): void {
    this.#isClosed = true
    this.#closeDatabase()
  }

  #open(): Store | DriverFailure {
    if (this.#opened !== undefined) return this.#opened.store
    if (this.#isClosed) return new DriverFailure(new Unavailable({ message: "the cache is closed" }))
    if (this.#failure !== undefined && performance.now() - this.#failedAt < pauseMillis) return this.#failure
    if (sqlite === undefined) return new DriverFailure(new Unavailable({ message: "this runtime has no node:sqlite" }))
    if (this.#path !== ":memory:") mkdirSync(dirname(this.#path), { recursive: true })
    const database = new sqlite.DatabaseSync(this.#path)
    const inode = this.#inode()
    try {
      // Without a wait in SQLite, which would hold the event loop: whoever finds a lock tries again later.
      database.exec("PRAGMA busy_timeout = 0; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL")
      database.exec(this.#setUp)
      this.#opened = { database, store: new Store(database, this.#maxBytes), inode }
    } catch (error) {
      database.close()
      if (kindOf(error) === "Broken") this.#setAside(inode)
      throw error
    }
    this.#failure = undefined
    return this.#opened.store
  }

  #recover(error: unknown): DriverFailure | typeof Busy {
    const kind = kindOf(error)
    if (kind === "Busy") return Busy
    const failure = failureOf(error)
    if (kind === "Refused") return failure
    const opened = this.#opened
    this.#closeDatabase()
    if (kind === "Broken") {
      if (opened !== undefined) this.#setAside(opened.inode)
    } else {
      this.#failure = failure
      this.#failedAt = performance.now()
    }
    return failure
  }

  #closeDatabase(): void {
    const opened = this.#opened
    this.#opened = undefined
    try {
      opened?.database.close()
    } catch {
      // A broken database may refuse to be closed; the next one is opened beside it.
    }
  }

  /** Renames a broken file, unless another process has done so: then another file stands in its place. */
  #setAside(inode: bigint | undefined): void {
    if (inode === undefined || this.#inode() !== inode) return
    const aside = `${this.#path}.corrupt`
    try {
      renameSync(this.#path, aside)
      for (const suffix of ["-wal", "-shm"]) rmSync(this.#path + suffix, { force: true })
    } catch {
      // A folder that cannot be written. Operations go on to fail, each with its reason.
      return
    }
    this.#setAsideCount++
    this.#onSetAside(aside)
  }

  #inode(): bigint | undefined {
    return statSync(this.#path, { bigint: true, throwIfNoEntry: false })?.ino
  }
}
