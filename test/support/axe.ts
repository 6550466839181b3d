/**
 * axe-core over a page as it stands, its own security policy in force: the rules of WCAG 2.2 AA and best practice that a machine can
 * check. Answers sentences, none where nothing is wrong.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type * as axe from 'axe-core';
import type { Page } from 'playwright-core';

const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds. `rules`: those alone; by default all. */
export async function violationsOf(page: Page, rules?: readonly string[]): Promise<readonly string[]> {
  // Evaluated by the debugger, which no policy of the page binds. Once for each document.
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(source);
  return await page.evaluate(async (only) => {
    // The line before has put it there.
    const { axe: checker } = globalThis as unknown as { readonly axe: typeof axe };
    const { violations } = await checker.run(document, { runOnly: only, resultTypes: ['violations'] });
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.any.map((check) => check.message).join(' ').slice(0, 200)}`));
  }, rules === undefined ? { type: 'tag' as const, values: tags } : { type: 'rule' as const, values: [...rules] });
}
