/**
 * What axe cannot see: no page scrolls sideways at 320 pixels, at twice the size of text or on a very wide screen; the keyboard reaches
 * everything and sees where it is, never under the header; motion stops for who asks for it.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { launchBrowser, type TestBrowser, type Visit } from '../support/browser.js';
import { walkPages } from '../support/page-states.js';
import { registerAndEnter, visitorPassword } from '../support/page-visitor.js';
import { startServer, type TestServer } from '../support/running-server.js';

let browser: TestBrowser;
let server: TestServer;

/** The whole walk, on a machine that does other things too. */
const walkTimeoutMs = 300_000;

beforeAll(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startServer()]);
});

afterAll(async () => {
  await browser.close();
  await server.close();
});

/** What stands out of the window to the right, by more than a pixel of rounding. Frames that scroll by themselves may hold more. */
async function sticksOut(page: Page): Promise<readonly string[]> {
  return await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth + 1) return [];
    const wide = [...document.querySelectorAll('main *')].filter((element) => element.getBoundingClientRect().right > clientWidth + 1);
    return [`${String(scrollWidth)} of ${String(clientWidth)} px: ${wide.slice(0, 3).map((element) => element.outerHTML.slice(0, 90)).join(' | ')}`];
  });
}

/** Texts that a box cuts off, but those that say so with an ellipsis. */
async function cutOff(page: Page): Promise<readonly string[]> {
  return await page.evaluate(() => [...document.querySelectorAll<HTMLElement>('main :is(p, a, button, label, h1, h2, h3, dt, dd, legend, .chip)')]
    .filter((element) => element.checkVisibility() && element.clientWidth > 1 && element.closest('.visually-hidden') === null)
    .filter((element) => getComputedStyle(element).overflow === 'hidden' && getComputedStyle(element).textOverflow !== 'ellipsis')
    .filter((element) => element.scrollWidth > element.clientWidth + 1 || element.scrollHeight > element.clientHeight + 1)
    .map((element) => element.outerHTML.slice(0, 120)));
}

async function resized(page: Page, width: number, height: number): Promise<void> {
  await page.setViewportSize({ width, height });
  await drawn(page);
}

/** What follows a new size has been laid out: observers are told in the frame after it, and what they change is drawn with the next. */
async function drawn(page: Page): Promise<void> {
  await page.evaluate(async () => {
    for (let frames = 0; frames < 3; frames++) await new Promise((resolve) => { requestAnimationFrame(resolve); });
  });
}

async function looksOf(page: Page): Promise<readonly string[]> {
  const found: string[] = [];
  const note = (what: string, some: readonly string[]): void => { found.push(...some.map((one) => `${what}: ${one}`)); };
  await resized(page, 320, 700);
  note('320 px', await sticksOut(page));
  await resized(page, 640, 800);
  const sheet = await page.evaluateHandle(() => {
    const made = new CSSStyleSheet();
    made.replaceSync('html { font-size: 200% !important; }');
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, made];
    return made;
  });
  await drawn(page);
  note('200 % text', [...(await sticksOut(page)), ...(await cutOff(page))]);
  await page.evaluate((made) => { document.adoptedStyleSheets = document.adoptedStyleSheets.filter((other) => other !== made); }, sheet);
  await resized(page, 3840, 2160);
  note('3840 px', await sticksOut(page));
  const main = await page.locator('main').boundingBox();
  if (main !== null && main.width > 1_600) note('3840 px', [`main is ${String(main.width)} px wide`]);
  return found;
}

interface Stop {
  readonly name: string;
  readonly isSeen: boolean;
}

/** Where the focus is after a Tab: what has it, and whether one sees it: ringed, in the window, under nothing. */
async function tab(page: Page): Promise<Stop> {
  await page.keyboard.press('Tab');
  return await page.evaluate(() => {
    const { activeElement: at } = document;
    if (at === null || at === document.body) return { name: 'body', isSeen: true };
    const { outlineStyle, outlineWidth } = getComputedStyle(at);
    const { left, top, width, height } = at.getBoundingClientRect();
    const [x, y] = [left + Math.min(width, innerWidth) / 2, top + Math.min(height, innerHeight) / 2];
    const hit = document.elementFromPoint(x, y);
    const isOnTop = hit !== null && (at.contains(hit) || hit.contains(at) || hit.closest('label')?.contains(at) === true);
    return { name: at.id === '' ? at.outerHTML.slice(0, 80) : `#${at.id}`, isSeen: outlineStyle !== 'none' && outlineWidth !== '0px' && isOnTop };
  });
}

/** Everything that Tab reaches, from the top until it comes round. */
async function tabRound(page: Page): Promise<readonly Stop[]> {
  await page.evaluate(() => {
    scrollTo(0, 0);
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  });
  const stops: Stop[] = [];
  for (let presses = 0; presses < 120; presses++) {
    const stop = await tab(page);
    if (stop.name === 'body' || (stops.length > 0 && stop.name === stops[0]?.name)) break;
    stops.push(stop);
  }
  return stops;
}

/** Controls that are shown and that no Tab reached. Of radio buttons Tab takes the chosen one alone. */
async function unreached(page: Page, stops: readonly Stop[]): Promise<readonly string[]> {
  const reached = new Set(stops.map(({ name }) => name));
  const all = await page.$$eval('a[href], button:not(:disabled), input:not([type="radio"], [type="file"]), textarea, select', (elements) => elements
    .filter((element) => element.checkVisibility() && element.closest('[hidden], [inert]') === null)
    .map((element) => (element.id === '' ? element.outerHTML.slice(0, 80) : `#${element.id}`)));
  return all.filter((name) => !reached.has(name));
}

describe('every page and state', () => {
  it('fits 320 pixels, twice the size of text and 3840 pixels', async () => {
    const visit = await browser.visit();
    const found: string[] = [];
    await walkPages({ page: visit.page, url: server.url }, async (page, name) => {
      found.push(...(await looksOf(page)).map((what) => `${name}, ${what}`));
      await page.setViewportSize({ width: 1280, height: 800 });
    });
    expect(found).toEqual([]);
    await visit.close();
  }, walkTimeoutMs);
});

describe('the keyboard', () => {
  let visit: Visit;

  beforeAll(async () => {
    visit = await browser.visit({ viewport: { width: 1100, height: 600 } });
    await registerAndEnter(visit.page, server.url, { username: 'tabea' });
  });

  afterAll(() => visit.close());

  it.each(['/', '/login', '/register', '/recover', '/gallery', '/trash', '/report', '/account', '/nowhere'])('reaches everything on %s, ringed and under nothing', async (path) => {
    const { page } = visit;
    await page.goto(server.url + path);
    if (path === '/account') await page.waitForSelector('#sessions li');
    if (path === '/gallery') await page.waitForSelector('#choose:enabled');
    if (path === '/report') await page.waitForSelector('#csv:enabled');
    await page.waitForSelector('main:not([inert])');
    const stops = await tabRound(page);
    expect(stops.filter(({ isSeen }) => !isSeen)).toEqual([]);
    expect(await unreached(page, stops)).toEqual([]);
    expect(stops[0]?.name).toContain('class="skip"');
  });

  it('skips to the content, and comes back to where a dialog was opened', async () => {
    const { page } = visit;
    await page.goto(`${server.url}/account`);
    await page.waitForSelector('#sessions li');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('main');
    await page.focus('#close-open');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#close-dialog[open]');
    expect(await page.evaluate(() => document.activeElement?.closest('dialog')?.id)).toBe('close-dialog');
    await page.keyboard.press('Escape');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('close-open');
  });
});

describe('these checks themselves', () => {
  it('meet what sticks out, what Tab does not reach, and what has no ring', async () => {
    const visit = await browser.visit({ viewport: { width: 1100, height: 600 } });
    const { page } = visit;
    await page.goto(`${server.url}/login`);
    await page.evaluate(() => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync('h1 { width: 5000px; } #password:focus-visible { outline: none !important; }');
      document.adoptedStyleSheets = [sheet];
      document.getElementById('submit')?.setAttribute('tabindex', '-1');
    });
    expect(await sticksOut(page)).toEqual([expect.stringContaining('h1')]);
    const stops = await tabRound(page);
    expect(stops.filter(({ isSeen }) => !isSeen).map(({ name }) => name)).toContain('#password');
    expect(await unreached(page, stops)).toEqual(['#submit']);
    await visit.close();
  });
});

describe('who asks for less motion', () => {
  it('gets none', async () => {
    const visit = await browser.visit({ reducedMotion: 'reduce' });
    await visit.page.goto(`${server.url}/login`);
    await visit.page.fill('#username', 'tabea');
    await visit.page.fill('#password', visitorPassword);
    const moving = visit.page.evaluate(() => new Promise<number>((resolve) => {
      document.getElementById('form')?.addEventListener('submit', () => {
        requestAnimationFrame(() => { resolve(document.getAnimations().filter((animation) => Number(animation.effect?.getTiming().duration) > 1).length); });
      });
    }));
    await visit.page.click('#submit');
    expect(await moving).toBe(0);
    await visit.page.waitForURL('**/gallery');
    await visit.close();
  });
});
