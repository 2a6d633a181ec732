/**
 * Extends TypeDoc: names guides by their headings and packages as npm does, shows the READMEs of packages and the
 * operations of services, and leads links to files that are no pages of the site to the repository.
 */
import { readFileSync } from "node:fs"
import { basename, dirname, relative } from "node:path"
import { fileURLToPath } from "node:url"
import {
  Application,
  type CommentDisplayPart,
  CommentTag,
  Converter,
  type DeclarationReflection,
  type DocumentReflection,
  MinimalSourceFile,
  type NormalizedPath,
  type ProjectReflection,
  ReflectionKind,
  RendererEvent
} from "typedoc"

const root = fileURLToPath(new URL("../../../", import.meta.url))
/** The repository that a workflow builds the site of. Elsewhere nothing leads to it. */
const { GITHUB_REPOSITORY, GITHUB_SERVER_URL, GITHUB_SHA } = process.env
const repository = GITHUB_REPOSITORY === undefined ? undefined : `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}`

export const load = (app: Application): void => {
  app.on(Application.EVENT_BOOTSTRAP_END, () => {
    if (repository === undefined) return app.options.setValue("disableSources", true)
    app.options.setValue("navigationLinks", { Repository: repository })
    // A path begins below the folder that all packages are in.
    app.options.setValue("sourceLinkTemplate", `${repository}/blob/${GITHUB_SHA}/packages/{path}#L{line}`)
  })

  app.converter.on(Converter.EVENT_CREATE_DECLARATION, ({ project }, declaration) => {
    if (declaration.kindOf(ReflectionKind.Module)) describePackage(app, project, declaration)
  })

  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const service of project.getReflectionsByKind(ReflectionKind.Class))
      showOperations(service as DeclarationReflection)
  })

  // After TypeDoc's own, which reads the README.
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    const packages = project.getReflectionsByKind(ReflectionKind.Module) as Array<DeclarationReflection>
    const texts = [
      project.readme,
      ...packages.map(({ readme }) => readme),
      ...(project.documents ?? []).map(({ content }) => content)
    ]
    for (const text of texts) leadToRepository(text ?? [], project)
    // The page has its title already.
    const [first] = project.readme ?? []
    if (first !== undefined) first.text = first.text.replace(/^# .*\n+/, "")
  })

  // Once pages have their addresses, which are those of the files.
  app.renderer.on(
    RendererEvent.BEGIN,
    ({ project }) => {
      for (const guide of project.documents ?? []) guide.name = headingOf(guide)
    },
    100
  )
}

const describePackage = (app: Application, project: ProjectReflection, module: DeclarationReflection): void => {
  const name = basename(dirname(module.name))
  const folder = `${root}packages/${name}`
  const readme = `${folder}/README.md`
  module.name = `@hexcache/${name}`
  const text = readFileSync(readme, "utf8").replace(/^# .*\n+/, "")
  module.readme = app.converter.parseRawComment(
    new MinimalSourceFile(text, readme as NormalizedPath),
    project.files
  ).content
  for (const path of [folder, readme]) project.files.registerReflectionPath(path as NormalizedPath, module)
}

/**
 * A service's operations stand in a type that it extends. They are shown as what they are, its members, and
 * what nobody calls, its constructor, is not.
 */
const showOperations = (service: DeclarationReflection): void => {
  const [base] = service.extendedTypes ?? []
  if (base?.type !== "reference") return
  for (const argument of base.typeArguments ?? []) {
    if (argument.type !== "reflection") continue
    for (const operation of argument.declaration.children ?? []) {
      operation.parent = service
      operation.comment?.blockTags.push(new CommentTag("@group", [{ kind: "text", text: "Operations" }]))
      service.addChild(operation)
    }
    delete service.extendedTypes
    for (const made of service.children?.filter(({ name }) => name === "constructor") ?? []) {
      service.project.removeReflection(made)
    }
  }
}

const leadToRepository = (text: ReadonlyArray<CommentDisplayPart>, project: ProjectReflection): void => {
  if (repository === undefined) return
  for (const part of text) {
    if (part.kind !== "relative-link" || part.target === undefined) continue
    const file = project.files.resolve(part.target, project)
    if (typeof file !== "string" || file.endsWith(".svg")) continue
    part.target = undefined
    part.text = `${repository}/blob/${GITHUB_SHA}/${relative(root, file)}${part.targetAnchor ? `#${part.targetAnchor}` : ""}`
  }
}

/** Up to a colon, so that it fits into the navigation. */
const headingOf = ({ content, name }: DocumentReflection): string =>
  /^# ([^:\n]+)/.exec(content[0]?.text ?? "")?.[1] ?? name
