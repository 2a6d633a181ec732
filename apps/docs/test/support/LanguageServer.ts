/** The language server of the workspace's TypeScript, which editors ask what to show. */
import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { pathToFileURL } from "node:url"
import { repository } from "./Page.ts"

interface Message {
  readonly id?: number | string
  readonly method?: string
  readonly result?: unknown
  readonly error?: unknown
}

/** A place in a file, counted from 0. */
interface Position {
  readonly line: number
  readonly character: number
}

/** Speaks the Language Server Protocol, as much of it as a hover needs. */
export class LanguageServer {
  readonly #process = spawn(`${repository}node_modules/.bin/tsc`, ["--lsp", "--stdio"], {
    stdio: ["pipe", "pipe", "ignore"]
  })
  readonly #pending = new Map<number | string, PromiseWithResolvers<unknown>>()
  #received = Buffer.alloc(0)
  #requests = 0

  private constructor() {
    this.#process.stdout.on("data", (bytes: Buffer) => this.#receive(bytes))
    this.#process.on("exit", () => {
      for (const { reject } of this.#pending.values()) reject(new Error("the language server ended"))
    })
  }

  static async start(): Promise<LanguageServer> {
    const server = new LanguageServer()
    const capabilities = { textDocument: { hover: { contentFormat: ["markdown"] }, diagnostic: {} } }
    await server.#request("initialize", {
      processId: process.pid,
      rootUri: pathToFileURL(repository).href,
      capabilities
    })
    server.#notify("initialized", {})
    return server
  }

  /** Opens a file of the workspace, as if it had this text, and returns its address. */
  open(path: string, text = readFileSync(path, "utf8")): string {
    const uri = pathToFileURL(path).href
    this.#notify("textDocument/didOpen", { textDocument: { uri, languageId: "typescript", version: 1, text } })
    return uri
  }

  /** The errors that an editor shows in a file, with their lines, counted from 0. */
  async errors(uri: string): Promise<ReadonlyArray<{ readonly line: number; readonly message: string }>> {
    const found = await this.#request("textDocument/diagnostic", { textDocument: { uri } })
    const { items } = found as {
      readonly items: ReadonlyArray<{ readonly range: { readonly start: Position }; readonly message: string }>
    }
    return items.map(({ message, range }) => ({ line: range.start.line, message }))
  }

  /** The text that an editor shows on a place, in Markdown; empty for none. */
  async hover(uri: string, position: Position): Promise<string> {
    const found = await this.#request("textDocument/hover", { textDocument: { uri }, position })
    const { contents } = (found ?? { contents: "" }) as { readonly contents: string | { readonly value: string } }
    return typeof contents === "string" ? contents : contents.value
  }

  close(): void {
    this.#process.kill()
  }

  #request(method: string, params: unknown): Promise<unknown> {
    const id = ++this.#requests
    const pending = Promise.withResolvers<unknown>()
    this.#pending.set(id, pending)
    this.#send({ id, method, params })
    return pending.promise
  }

  #notify(method: string, params: unknown): void {
    this.#send({ method, params })
  }

  #send(message: object): void {
    const body = Buffer.from(JSON.stringify({ jsonrpc: "2.0", ...message }))
    this.#process.stdin.write(Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]))
  }

  #receive(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes])
    while (true) {
      const start = this.#received.indexOf("\r\n\r\n")
      if (start === -1) return
      const length = Number(/Content-Length: (\d+)/i.exec(this.#received.subarray(0, start).toString())?.[1])
      const body = this.#received.subarray(start + 4, start + 4 + length)
      if (body.length < length) return
      this.#received = this.#received.subarray(start + 4 + length)
      this.#take(JSON.parse(body.toString()) as Message)
    }
  }

  #take({ error, id, method, result }: Message): void {
    if (id === undefined) return
    const pending = this.#pending.get(id)
    // A request of the server's own, for settings of an editor for example: there are none.
    if (method !== undefined) this.#send({ id, result: null })
    else if (error === undefined) pending?.resolve(result)
    else pending?.reject(new Error(JSON.stringify(error)))
    if (method === undefined) this.#pending.delete(id)
  }
}
