import { accessSync, constants } from "node:fs"
import { delimiter, join } from "node:path"

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"]
const elsewhere = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium"
]

/** The Chromium of this machine: that of `CHROME_PATH`, or on the `PATH`. Throws, and says how to get one. */
export const findChromium = (): string => {
  const { CHROME_PATH: chosen = "", PATH: path = "" } = process.env
  const places = path.split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)))
  const found = (chosen === "" ? [...places, ...elsewhere] : [chosen]).find(isExecutable)
  if (found !== undefined) return found
  const problem = chosen === "" ? "There is no Chromium on the PATH" : "CHROME_PATH is no program"
  throw new Error(`${problem}. Install the package chromium (Debian), or Chrome, or set CHROME_PATH to one.`)
}

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
