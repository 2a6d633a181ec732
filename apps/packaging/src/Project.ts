import { cp, mkdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Manager } from "./managers.ts"
import type { Registry } from "./Registry.ts"
import { filesIn } from "./readme.ts"
import { run } from "./run.ts"

/** The parts of a project. */
export interface ProjectOptions {
  readonly manager: Manager
  readonly registry: Registry
  /** Versions of all that is not ours, by name. */
  readonly versions: Readonly<Record<string, string>>
  /** The exported names, by import path. */
  readonly exported: Readonly<Record<string, ReadonlyArray<string>>>
  /** A folder with the `node` or `bun` that runs the project. That of this process unless given. */
  readonly commands: string | undefined
}

/** A project of a stranger: an empty folder, our packages as dependencies, and the README's example. */
export class Project {
  /** Writes its files and installs what it depends on. */
  static async create(folder: string, options: ProjectOptions): Promise<Project> {
    const { exported, manager, registry, versions } = options
    const ours = registry.names.map((name) => [name, "latest"])
    const readme = await readFile(new URL("../../../README.md", import.meta.url), "utf8")
    const files: Record<string, string> = {
      ...manager.settings,
      ".npmrc": `@hexcache:registry=${registry.url}\n`,
      "package.json": JSON.stringify({
        private: true,
        type: "module",
        dependencies: { ...own, ...versions, ...Object.fromEntries(ours) }
      }),
      "tsconfig.json": JSON.stringify({ compilerOptions, include: ["*.ts"] }),
      "exported.json": JSON.stringify(exported),
      ...Object.fromEntries(filesIn(readme))
    }
    await mkdir(folder)
    await cp(fileURLToPath(new URL("outside", import.meta.url)), folder, { recursive: true })
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
    const project = new Project(folder, options)
    const [command = "", ...args] = manager.install
    await run(command, args, { cwd: folder, commands: options.commands })
    return project
  }

  /** Where it is. */
  readonly folder: string
  readonly #isBun: boolean
  readonly #commands: string | undefined

  private constructor(folder: string, { commands, manager }: ProjectOptions) {
    this.folder = folder
    this.#isBun = manager.name === "bun"
    this.#commands = commands
  }

  /** Checks the types and compiles. */
  async compile(): Promise<void> {
    await this.#runInstalled("tsc", ["--project", "."])
  }

  /** Runs a program: bun from its source, Node from what it was compiled to. Resolves with what it printed. */
  async start(name: string, env: Environment = {}): Promise<string> {
    const printed = await (this.#isBun
      ? this.#run("bun", [`${name}.ts`], env)
      : this.#run("node", [`out/${name}.js`], env))
    return printed.trim()
  }

  /** Runs every test by vitest, and resolves with how many there were. */
  async test(env: Environment): Promise<number> {
    // A process that bun forks has no channel to be left alone, which vitest relies on.
    const pool = this.#isBun ? ["--pool", "threads"] : []
    // These tests try the installation: a law of real time that missed its moment on a busy machine has another.
    const args = ["run", "--exclude", "out", "--retry", "2", ...pool, "--reporter", "dot", "--reporter", "json"]
    await this.#runInstalled("vitest", [...args, "--outputFile", "tests.json"], env)
    const { numPassedTests } = JSON.parse(await readFile(join(this.folder, "tests.json"), "utf8"))
    return numPassedTests
  }

  #runInstalled(name: string, args: ReadonlyArray<string>, env: Environment = {}): Promise<string> {
    const file = join("node_modules/.bin", name)
    return this.#isBun ? this.#run("bun", ["--bun", file, ...args], env) : this.#run(file, args, env)
  }

  #run(command: string, args: ReadonlyArray<string>, env: Environment): Promise<string> {
    return run(command, args, { cwd: this.folder, commands: this.#commands, env })
  }
}

type Environment = Readonly<Record<string, string>>

/** The compiler, and the imports of the README's test. */
const own = { "@effect/vitest": "^4.0.5", "@types/node": "^24.0.0", typescript: "^7.0.2" }

/** As strict as the workspace is, and the declarations of packages are checked too. */
const compilerOptions = {
  target: "ES2024",
  module: "NodeNext",
  types: ["node"],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  verbatimModuleSyntax: true,
  allowImportingTsExtensions: true,
  rewriteRelativeImportExtensions: true,
  rootDir: ".",
  outDir: "out"
}
