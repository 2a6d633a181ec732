/** A package manager: how it installs a project, and the settings that it needs beforehand. */
export interface Manager {
  readonly name: "npm" | "pnpm" | "bun"
  readonly install: ReadonlyArray<string>
  /** Files of settings in the project's folder. */
  readonly settings: { readonly [file: string]: string }
}

/** All of them, by name. */
export const managers: Record<Manager["name"], Manager> = {
  npm: { name: "npm", install: ["npm", "install", "--no-audit", "--no-fund"], settings: {} },
  pnpm: {
    name: "pnpm",
    install: ["pnpm", "install", "--no-frozen-lockfile"],
    // Without hoisting, a package finds nothing but what it declares. A version may be younger than a day.
    settings: { "pnpm-workspace.yaml": "hoist: false\nminimumReleaseAge: 0\n" }
  },
  bun: { name: "bun", install: ["bun", "install"], settings: {} }
}
