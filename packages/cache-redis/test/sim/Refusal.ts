/** The states of a simulated server in which it refuses commands, and the commands that each one refuses. */
import { Failure } from "./Resp.ts"

/** Refusals of all commands, or of all writes, by the state of the server. */
export type Refusal =
  | "LOADING"
  | "READONLY"
  | "OOM"
  | "MISCONF"
  | "BUSY"
  | "NOPERM"
  | "MASTERDOWN"
  | "NOREPLICAS"
  | "NOAUTH"
  | "no MGET"

const texts: Record<Refusal, string> = {
  LOADING: "LOADING Redis is loading the dataset in memory",
  READONLY: "READONLY You can't write against a read only replica.",
  OOM: "OOM command not allowed when used memory > 'maxmemory'.",
  MISCONF: "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
  BUSY: "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
  NOPERM: "NOPERM User default has no permissions to run this command",
  MASTERDOWN: "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
  NOREPLICAS: "NOREPLICAS Not enough good replicas to write.",
  NOAUTH: "NOAUTH Authentication required.",
  "no MGET": "NOPERM User default has no permissions to run the 'mget' command"
}

/** Commands of every state of a server. */
export const always = new Set(["HELLO", "AUTH", "CLIENT", "SELECT"])

export const writes = new Set(["SET", "MSET", "MSETEX", "UNLINK", "GETDEL", "PEXPIRE", "FLUSHDB", "DEL"])

/** Commands that a full server carries out. */
const freeing = new Set(["UNLINK", "GETDEL", "PEXPIRE", "FLUSHDB", "DEL"])

/** True if a server in this state refuses the command. */
export const refuses = (refusal: Refusal, name: string, isWrite: boolean): boolean => {
  switch (refusal) {
    case "READONLY":
    case "NOREPLICAS":
      return isWrite
    case "OOM":
      return isWrite && !freeing.has(name)
    case "MISCONF":
      return isWrite || name === "PING"
    case "NOPERM":
      return isWrite || name === "GET" || name === "MGET"
    case "no MGET":
      return name === "MGET"
    case "LOADING":
    case "BUSY":
    case "MASTERDOWN":
    case "NOAUTH":
      return true
  }
}

/** The reply of a server in this state. */
export const refusalOf = (refusal: Refusal): Failure => new Failure(texts[refusal])
