const snippet = /^```ts\n\/\/ (?<name>\S+\.ts)\n(?<code>.*?)^```$/gms

/** The snippets of a document that begin with the name of a file, by that name. */
export const filesIn = (markdown: string): ReadonlyMap<string, string> =>
  new Map([...markdown.matchAll(snippet)].map(({ groups }) => [groups?.name ?? "", groups?.code ?? ""]))
