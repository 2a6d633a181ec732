import { type Browser, chromium } from "playwright-core"
import { findChromium } from "./findChromium.ts"

/** Starts the Chromium of this machine. Root may not use its sandbox, so it runs without one there. */
export const launchChromium = (): Promise<Browser> => {
  const isRoot = process.getuid?.() === 0
  return chromium.launch({ executablePath: findChromium(), args: isRoot ? ["--no-sandbox"] : [] })
}
