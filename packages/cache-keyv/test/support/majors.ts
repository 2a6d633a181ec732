import Keyv5 from "keyv"
import Keyv6 from "keyv6"

/** The majors of Keyv that are served, which are alike in what the tests ask of both. */
export const majors = [
  ["Keyv 5", Keyv5 as unknown as typeof Keyv6],
  ["Keyv 6", Keyv6]
] as const
