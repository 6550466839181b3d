/**
 * The block map with as many blocks as an image may have, in a real Chromium: every frame of panning and zooming, and of a check that
 * paints outcomes, is measured. The map's own code is bundled for a page of its own; no server draws anything here.
 */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';
import type { BlockMap } from '../../views/pages/parts/block-map.js';
import { launchBrowser, type TestBrowser, type Visit } from '../support/browser.js';
import { startServer, type TestServer } from '../support/running-server.js';

/** 512 by 256 tiles. */
const blocks = 131_072;

/** What the bundle and the test leave in the page. */
interface MapWindow {
  mapParts: { readonly BlockMap: new (...given: readonly unknown[]) => BlockMap };
  map: BlockMap;
  frames: (step: (at: number) => void, count: number) => Promise<number>;
}

let browser: TestBrowser;
let server: TestServer;
let visit: Visit;

beforeAll(async () => {
  [browser, server] = await Promise.all([launchBrowser(), startServer()]);
  visit = await browser.visit({ viewport: { width: 1280, height: 900 }, deviceScaleFactor: 2 });
  await visit.page.goto(`${server.url}/login`);
  const entry = fileURLToPath(new URL('../../views/pages/parts/block-map.js', import.meta.url));
  const bundle = await build({ entryPoints: [entry], bundle: true, write: false, format: 'iife', globalName: 'mapParts', platform: 'browser' });
  await visit.page.evaluate(`${bundle.outputFiles[0]?.text ?? ''}\nglobalThis.mapParts = mapParts;`);
  await visit.page.evaluate(makeMap, blocks);
});

afterAll(async () => {
  expect(visit.complaints).toEqual([]);
  await visit.close();
  await browser.close();
  await server.close();
});

/** Runs in the page. */
function makeMap(count: number): void {
  const page = globalThis as unknown as MapWindow; // the bundle was run in this page
  const columns = 512;
  const made = Array.from({ length: count }, (_, index) => {
    const region = { x: 64 * (index % columns), y: 64 * Math.floor(index / columns), width: 64, height: 64 };
    return { index, role: 'content', region, place: { plane: 0, region }, patchBytes: undefined, block: { tag: String(index), rehash: '', code: 0, key: '', domain: 'open' } };
  });
  const opened = { blocks: made, splitter: 'raster', picture: { width: 64 * columns, height: 64 * Math.ceil(count / columns), flat: [] } };
  const canvases = [document.createElement('canvas'), document.createElement('canvas')];
  document.body.replaceChildren(...canvases);
  page.map = new page.mapParts.BlockMap(opened, { picture: canvases[0], blocks: canvases[1] });
  page.map.resize({ width: 1_000, height: 600 }, 2);
  page.map.setStates(Uint8Array.from({ length: count }, (_, index) => 1 + (index * 7_919) % 4));
  page.frames = async (step, count_) => {
    let longest = 0;
    let before = performance.now();
    for (let at = 0; at < count_; at++) {
      step(at);
      await new Promise((resolve) => { requestAnimationFrame(resolve); });
      longest = Math.max(longest, performance.now() - before);
      before = performance.now();
    }
    return longest;
  };
}

describe('a map of 131,072 blocks', () => {
  it('pans and zooms without a frame over 100 ms, from everything in view to a single tile', async () => {
    const longest = await visit.page.evaluate(async () => {
      const { map, frames } = globalThis as unknown as MapWindow; // made above
      const found: Record<string, number> = {};
      // Others use this machine too: the calmest of three runs tells what the map needs.
      const note = async (name: string, step: (at: number) => void): Promise<void> => {
        found[name] = Math.min(found[name] ?? Infinity, await frames(step, 20));
      };
      for (let run = 0; run < 3; run++) {
        for (const zoom of [1, 1.5, 2.5, 5, 12, 40]) {
          map.fit();
          map.zoomBy(zoom, { x: 500, y: 300 });
          await frames(() => undefined, 3);
          await note(String(zoom), (at) => { map.panBy(at % 2 === 0 ? 13 : -11, at % 3 === 0 ? 7 : -5); });
        }
        map.fit();
        await note('zooming', () => { map.zoomBy(1.25, { x: 400, y: 200 }); });
      }
      return found;
    });
    process.stdout.write(`longest frames in ms: ${JSON.stringify(longest)}\n`);
    for (const [name, milliseconds] of Object.entries(longest)) expect({ name, isFluent: milliseconds < 100, milliseconds }).toMatchObject({ isFluent: true });
  });

  it('stays as fluent while a check paints an outcome on every tile', async () => {
    const longest = await visit.page.evaluate(async (count) => {
      const { map, frames } = globalThis as unknown as MapWindow; // made above
      map.fit();
      let longest = Infinity;
      for (let run = 0; run < 3; run++) {
        map.clearOutcomes();
        await frames(() => undefined, 3);
        const paint = (at: number): void => { for (let i = at * 4_096; i < (at + 1) * 4_096; i++) map.setOutcome(String(i), i === 777 ? 'bad' : 'good'); };
        longest = Math.min(longest, await frames(paint, count / 4_096));
      }
      return longest;
    }, blocks);
    process.stdout.write(`longest frame in ms: ${String(longest)}\n`);
    expect(longest).toBeLessThan(100);
  });

  it('finds the tile under a point, and the one beside it, at any zoom', async () => {
    const found = await visit.page.evaluate(() => {
      const { map } = globalThis as unknown as MapWindow; // made above
      map.fit();
      const before = map.at(500.5, 300.5);
      map.choose(before);
      map.zoomBy(40, { x: 500.5, y: 300.5 });
      const after = map.at(500.5, 300.5);
      const right = map.beside(1, 0);
      map.choose(777);
      return { before, after, right, outcome: map.outcomeOf(777), place: map.placeOf(777), isSeen: map.at(5, 5) !== undefined };
    });
    expect(found.after).toBe(found.before);
    expect(found.right).toBe((found.before ?? 0) + 1);
    expect(found).toMatchObject({ outcome: 'bad', place: { row: 2, column: 266 }, isSeen: true });
  });
});
