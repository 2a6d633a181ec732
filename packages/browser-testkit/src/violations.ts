import axe from "axe-core"
import type { Page } from "playwright-core"

/** Finds what breaks the rules of WCAG 2.2 AA and axe's best practices on a page: each rule with the element. */
export const violations = async (page: Page): Promise<ReadonlyArray<string>> => {
  // As the debugger evaluates it: the page's policy allows no script of another origin.
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run())
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
}
