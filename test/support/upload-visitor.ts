/**
 * What tests ask of an upload on the gallery page: that it has come to rest, and what the account holds afterwards.
 */
import type { Page } from 'playwright-core';

/** Waits until the upload is done and the gallery shows it. */
export async function waitForRest(page: Page, timeout = 60_000): Promise<void> {
  await page.waitForSelector('#queue[aria-busy="false"]:visible', { timeout });
}

/** Waits until at least `files` of the queue are done. */
export async function waitForDone(page: Page, files: number, timeout = 60_000): Promise<void> {
  const isReached = (wanted: number): boolean => {
    const done = /^([\d,]+) of /.exec(document.querySelector('#overall-text')?.textContent ?? '')?.[1]?.replaceAll(',', '');
    return Number(done ?? 0) >= wanted;
  };
  await page.waitForFunction(isReached, files, { timeout });
}

/** Names of all images of the gallery, from top to bottom: it holds only those near the window, so it is scrolled through. */
export async function listedNames(page: Page): Promise<readonly string[]> {
  const names = new Set<string>();
  await page.evaluate(() => { scrollTo(0, 0); });
  for (let steps = 0; steps < maxSteps; steps++) {
    for (const name of await page.evaluate(namesInSight)) names.add(name);
    if (!(await page.evaluate(goDown))) return [...names];
  }
  throw new Error('the gallery has no end');
}

const maxSteps = 1_000;

/** Runs in the page, after it has drawn. */
async function namesInSight(): Promise<readonly string[]> {
  for (let frames = 0; frames < 2; frames++) await new Promise((resolve) => { requestAnimationFrame(resolve); });
  return [...document.querySelectorAll('#tiles > li')].map((tile) => tile.getAttribute('data-name') ?? '');
}

/** Runs in the page: whether there was more below. */
function goDown(): boolean {
  const before = scrollY;
  scrollBy(0, innerHeight * 0.7);
  return scrollY > before;
}
