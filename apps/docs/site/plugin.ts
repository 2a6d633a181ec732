/**
 * Extends TypeDoc: names packages as npm does, shows their READMEs and the operations of services, and leads links to the
 * pages of the site, and to the repository.
 */
import { readFileSync } from "node:fs"
import { basename, dirname, relative } from "node:path"
import {
  Application,
  type CommentDisplayPart,
  CommentTag,
  Converter,
  type DeclarationReflection,
  MinimalSourceFile,
  type NormalizedPath,
  type ProjectReflection,
  ReflectionKind
} from "typedoc"
import { addressOf, base, repository, root, sources } from "./Site.ts"

export const load = (app: Application): void => {
  app.on(Application.EVENT_BOOTSTRAP_END, () => {
    app.options.setValue("titleLink", base)
    app.options.setValue("navigationLinks", {
      Guides: `${base}first-steps`,
      ...(repository && { Repository: repository })
    })
    if (sources === undefined) return app.options.setValue("disableSources", true)
    // A path begins below the folder that all packages are in.
    app.options.setValue("sourceLinkTemplate", `${sources}/packages/{path}#L{line}`)
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
    for (const { readme } of packages) leadLinks(readme ?? [], project)
  })
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

const leadLinks = (text: ReadonlyArray<CommentDisplayPart>, project: ProjectReflection): void => {
  for (const part of text) {
    if (part.kind !== "relative-link" || part.target === undefined) continue
    const file = project.files.resolve(part.target, project)
    if (typeof file !== "string") continue
    const path = relative(root, file)
    const address = addressOf(path)
    const target = address === undefined ? sources && `${sources}/${path}` : `${base}${address.slice(1)}`
    if (target === undefined) continue
    part.target = undefined
    part.text = part.targetAnchor ? `${target}#${part.targetAnchor}` : target
  }
}
