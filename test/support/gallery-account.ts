/**
 * An account whose images were uploaded by the SDK in Node, for tests of pages that show images: quicker than uploading in the page.
 */
import { clearTimeout, setTimeout } from 'node:timers';
import type { Page } from 'playwright-core';
import type { DiceClient } from '../../client-sdk/api.js';
import { bytesForUpload, connect } from '../../client-sdk/node/index.js';
import { logIn, visitorPassword, type ChosenFile } from './page-visitor.js';

/** Registers `username`, uploads the files in their order, and answers the client and the ids by name. */
export async function accountWith(url: string, username: string, files: readonly ChosenFile[]): Promise<{ readonly client: DiceClient; readonly ids: ReadonlyMap<string, string> }> {
  const client = await connect(url);
  await client.register({ username, password: visitorPassword });
  const ids = new Map<string, string>();
  const given = files.map(({ name, bytes }) => bytesForUpload(name, bytes));
  for await (const result of client.upload(given, { preview: false })) {
    if (result.id === undefined) throw new Error(`not stored: ${result.name}: ${String(result.error)}`);
    ids.set(result.name, result.id);
  }
  return { client, ids };
}

/** Logs the page in and waits for an image. */
export async function enterGallery(page: Page, url: string, username: string): Promise<void> {
  await logIn(page, url, { username, password: visitorPassword });
  await page.waitForSelector('#tiles > li');
}

/** Waits until `isTrue` answers true; fails after ten seconds with `what`. */
export async function until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  const state = { isLate: false };
  const timer = setTimeout(() => { state.isLate = true; }, 10_000);
  try {
    while (!(await isTrue())) if (state.isLate) throw new Error(`it never came: ${what}`);
  } finally {
    clearTimeout(timer);
  }
}
