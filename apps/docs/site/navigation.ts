/** A group of pages that serve one purpose. */
export interface Group {
  readonly text: string
  /** Markdown files, from the root of the repository. */
  readonly pages: ReadonlyArray<string>
}

/** Every page of the site but its landing page, in the order of the next and previous links. */
export const navigation: ReadonlyArray<Group> = [
  {
    text: "Begin",
    pages: ["docs/first-steps.md", "docs/ports-and-adapters.md", "docs/choosing-an-adapter.md", "docs/testing.md"]
  },
  {
    text: "Use",
    pages: ["docs/cached.md", "docs/operations.md", "docs/recipes.md", "docs/near-cache.md", "docs/codecs.md"]
  },
  {
    text: "Run",
    pages: ["docs/production.md", "docs/reliability.md", "docs/telemetry.md", "docs/servers.md"]
  },
  {
    text: "Compare",
    pages: ["docs/performance.md", "docs/comparison.md", "docs/migration.md"]
  },
  {
    text: "Extend",
    pages: ["docs/writing-an-adapter.md", "docs/design.md", "docs/glossary.md"]
  },
  {
    text: "Packages",
    pages: [
      "docs/packages.md",
      "packages/cache-port/README.md",
      "packages/cached/README.md",
      "packages/cache-layers/README.md",
      "packages/cache-memory/README.md",
      "packages/cache-redis/README.md",
      "packages/cache-sqlite/README.md",
      "packages/cache-promise/README.md",
      "packages/cache-keyv/README.md",
      "packages/cache-effect/README.md",
      "packages/cache-codec/README.md",
      "packages/cache-contract/README.md"
    ]
  },
  {
    text: "Project",
    pages: [
      "apps/demo/README.md",
      "examples/README.md",
      "apps/bench/README.md",
      "apps/bench/MEASUREMENTS.md",
      "CONTRIBUTING.md",
      "docs/releasing.md"
    ]
  }
]
