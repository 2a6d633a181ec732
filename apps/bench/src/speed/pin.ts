import { execFile } from "node:child_process"
import { cpus } from "node:os"
import { promisify } from "node:util"

/** Keeps a process on the last core, where `taskset` can do that; the contestants run where the system lets them. */
export const pin = async (pid: number): Promise<string> => {
  const core = cpus().length - 1
  try {
    await promisify(execFile)("taskset", ["--all-tasks", "--cpu-list", "--pid", `${core}`, `${pid}`])
    return `the server is pinned to core ${core}`
  } catch {
    return "the server is not pinned: there is no taskset"
  }
}
