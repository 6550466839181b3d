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

/** Names of all images that the gallery shows. */
export async function listedNames(page: Page): Promise<readonly string[]> {
  return await page.$$eval('#tiles > li', (tiles) => tiles.map((tile) => tile.getAttribute('data-name') ?? ''));
}
