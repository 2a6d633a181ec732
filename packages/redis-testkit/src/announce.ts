/** Writes one line about the tests' Redis to stderr. */
export const announce = (line: string): void => {
  process.stderr.write(`redis-testkit: ${line}\n`)
}
