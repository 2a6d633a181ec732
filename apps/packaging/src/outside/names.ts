/** The names that a module exports, sorted, those inside a namespace too. */
export const namesIn = (module: object): ReadonlyArray<string> =>
  Object.entries(module)
    .flatMap(([name, value]) =>
      isNamespace(value) ? [name, ...namesIn(value).map((inner) => `${name}.${inner}`)] : [name]
    )
    .toSorted()

const isNamespace = (value: unknown): value is object =>
  typeof value === "object" && value !== null && Object.prototype.toString.call(value) === "[object Module]"
