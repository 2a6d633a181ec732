/**
 * Compares the public API of each package, as its built declarations have it, with the report in its folder, so that a
 * change of the API is seen in review.
 *
 *     apiReports [--write]
 *
 * `--write` writes the reports. The packages must have been built.
 */

import { globSync } from "node:fs"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { Extractor, ExtractorConfig, ExtractorLogLevel } from "@microsoft/api-extractor"
import type { Manifest } from "./Manifest.ts"

const { values: options } = parseArgs({ options: { write: { type: "boolean", default: false } } })
const workspace = fileURLToPath(new URL("../../..", import.meta.url))
const silent = { default: { logLevel: ExtractorLogLevel.None } }

/** True if the report of a package is the API that it has, or was written. */
const isCurrent = (folder: string, scratch: string): boolean => {
  const config = ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(folder, "package.json"),
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath: join(folder, "dist/index.d.ts"),
      compiler: {
        overrideTsconfig: {
          extends: join(workspace, "tsconfig.base.json"),
          compilerOptions: {
            lib: ["ESNext", "DOM", "DOM.Iterable", "DOM.AsyncIterable"],
            skipLibCheck: true,
            types: []
          },
          include: ["dist"]
        }
      },
      apiReport: {
        enabled: true,
        reportFileName: basename(folder),
        reportFolder: folder,
        reportTempFolder: scratch
      },
      newlineKind: "lf",
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        extractorMessageReporting: silent,
        tsdocMessageReporting: silent,
        compilerMessageReporting: silent
      }
    }
  })
  const { apiReportChanged } = Extractor.invoke(config, {
    localBuild: options.write,
    messageCallback: (message) => {
      message.handled = true
    }
  })
  return options.write || !apiReportChanged
}

const scratch = await mkdtemp(join(tmpdir(), "hexcache-api-"))
try {
  const changed: Array<string> = []
  for (const path of globSync("packages/*/package.json", { cwd: workspace }).sort()) {
    const manifest: Manifest & { readonly private?: boolean } = JSON.parse(
      await readFile(join(workspace, path), "utf8")
    )
    if (manifest.private) continue
    if (!isCurrent(join(workspace, dirname(path)), scratch)) changed.push(manifest.name)
  }
  if (changed.length > 0) {
    console.log(`The public API is not the one in the report: ${changed.join(", ")}. Write it with \`pnpm api:write\`.`)
    process.exitCode = 1
  }
} finally {
  await rm(scratch, { recursive: true })
}
