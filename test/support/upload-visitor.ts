/**
 * What tests ask of an upload on the gallery page: that it has come to rest, and what the account holds afterwards.
 */
import type { Page } from 'playwright-core';

/** Waits until the upload is done and the gallery shows it. */
export async function waitForRest(page: Page, timeout = 60_000): Promise<void> {
  await page.waitForSelector('#queue[aria-busy="false"]:visible', { timeout });
}

/** Names of all images that the gallery shows. */
export async function listedNames(page: Page): Promise<readonly string[]> {
  return await page.$$eval('#tiles > li', (tiles) => tiles.map((tile) => tile.getAttribute('data-name') ?? ''));
}
