/** Returns the scheme, host and port of a Redis URL: never its user, password, path or query. */
export const redactUrl = (url: string): string => {
  if (!URL.canParse(url)) return "(not a URL)"
  const { protocol, host, username, password } = new URL(url)
  const credentials = username !== "" || password !== "" ? "***@" : ""
  return `${protocol}//${credentials}${host}`
}
