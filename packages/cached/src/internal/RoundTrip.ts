/**
 * Compares values with their reading from JSON.
 *
 * @internal
 */
import { Chunk, Equal, HashMap, HashSet, Schema, SchemaAST } from "effect"

/**
 * Makes a test of a schema's values: true if `read` is as `written` was. JSON may mean two values of a schema, where a union
 * takes texts for numbers for example. Fields that no type of the schema knows are left out by it, and not compared.
 */
export const makeRoundTrip = (schema: Schema.Constraint): ((read: unknown, written: unknown) => boolean) => {
  const names = namesOfUnions(Schema.toType(schema).ast)

  const isSame = (read: unknown, written: unknown): boolean => {
    if (read === written || (Number.isNaN(read) && Number.isNaN(written))) return true
    if (typeof read !== "object" || typeof written !== "object" || read === null || written === null) return false
    if (Array.isArray(read)) return Array.isArray(written) && haveSameItems(read, written)
    if (isPlain(read)) return !Array.isArray(written) && hasSameFields(read, written)
    if (Equal.equals(read, written)) return true
    if (isCollection(read)) return isCollection(written) && haveSameItems(Array.from(read), Array.from(written))
    return Object.keys(read).length === 0 ? String(read) === String(written) : hasSameFields(read, written)
  }

  const haveSameItems = (read: ReadonlyArray<unknown>, written: ReadonlyArray<unknown>): boolean =>
    read.length === written.length && read.every((item, index) => isSame(item, written[index]))

  const hasSameFields = (read: object, written: object): boolean => {
    for (const name of Object.keys(read)) if (!isSame(fieldOf(read, name), fieldOf(written, name))) return false
    for (const name of names) if (fieldOf(written, name) !== undefined && !Object.hasOwn(read, name)) return false
    return true
  }

  return isSame
}

const fieldOf = (record: object, name: string): unknown => (record as Readonly<Record<string, unknown>>)[name]

/** Also true for an object of another realm. */
const isPlain = (value: object): boolean => {
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null || Object.getPrototypeOf(prototype) === null
}

/**
 * True if a schema writes a part of its values as it is, whatever that is: `Schema.Any` does. JSON writes a `Map` as an empty
 * object, and an instance of a class without its methods.
 */
export const writesAnything = (schema: Schema.Constraint): boolean => {
  const seen = new Set([SchemaAST.toEncoded(schema.ast)])
  for (const ast of seen) {
    if (SchemaAST.isAny(ast)) return true
    for (const child of childrenOf(ast)) seen.add(child)
  }
  return false
}

/** True for what JSON has: texts, numbers, and so on in arrays and plain objects; also for `undefined`, which JSON leaves out. */
export const isPlainData = (value: unknown): boolean => {
  if (typeof value !== "object" || value === null) return typeof value !== "function" && typeof value !== "symbol"
  if (Array.isArray(value)) return value.every(isPlainData)
  return isPlain(value) && Object.values(value).every(isPlainData)
}

/** True for collections alone: an option or an effect is iterable as well. */
const isCollection = (value: object): value is Iterable<unknown> =>
  value instanceof Map ||
  value instanceof Set ||
  HashMap.isHashMap(value) ||
  HashSet.isHashSet(value) ||
  Chunk.isChunk(value)

/** The names of fields that only some members of a union have: reading by a wrong member leaves one out. */
const namesOfUnions = (root: SchemaAST.AST): ReadonlyArray<string> => {
  const names = new Set<string>()
  const seen = new Set<SchemaAST.AST>()
  const visit = (ast: SchemaAST.AST): void => {
    if (seen.has(ast)) return
    seen.add(ast)
    if (SchemaAST.isUnion(ast)) {
      const members = ast.types.filter(SchemaAST.isObjects).map(fieldsOf)
      for (const member of members) {
        for (const name of member) if (!members.every((other) => other.has(name))) names.add(name)
      }
    }
    for (const child of childrenOf(ast)) visit(child)
  }
  visit(root)
  return Array.from(names)
}

const fieldsOf = ({ propertySignatures }: SchemaAST.Objects): ReadonlySet<string> =>
  new Set(propertySignatures.map(({ name }) => String(name)))

const childrenOf = (ast: SchemaAST.AST): ReadonlyArray<SchemaAST.AST> => {
  switch (ast._tag) {
    case "Union":
      return ast.types
    case "Objects":
      return [...ast.propertySignatures.map(({ type }) => type), ...ast.indexSignatures.map(({ type }) => type)]
    case "Arrays":
      return [...ast.elements, ...ast.rest]
    case "Declaration":
      return ast.typeParameters
    case "Suspend":
      return [ast.thunk()]
    default:
      return []
  }
}
