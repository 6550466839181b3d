/**
 * Scripts and labels find elements by id, and browsers answer the first of several: on each page every id is there once, and what a label or a
 * description names is there.
 */
import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startServer, type TestServer } from '../support/running-server.js';

const pages = readdirSync('views').filter((name) => name.endsWith('.ejs') && name !== 'error.ejs').map((name) => name.replace('.ejs', ''));

/** Where a page is not under its own name. */
const paths: Readonly<Partial<Record<string, string>>> = { home: '/', image: `/images/${'0'.repeat(32)}` };

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(() => server.close());

async function htmlOf(page: string): Promise<string> {
  const answer = await fetch(server.url + (paths[page] ?? `/${page}`));
  expect([page, answer.status]).toEqual([page, 200]);
  return answer.text();
}

const valuesOf = (html: string, attribute: string): readonly string[] => [...html.matchAll(new RegExp(`\\s${attribute}="([^"]+)"`, 'g'))].map(([, value]) => value ?? '');

describe.each(pages)('the page %s', (page) => {
  it('has each id once, and every id that is named', async () => {
    const html = await htmlOf(page);
    const ids = valuesOf(html, 'id');
    expect(ids).not.toEqual([]);
    expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
    const named = ['for', 'aria-describedby', 'aria-labelledby', 'aria-controls'].flatMap((attribute) => valuesOf(html, attribute).flatMap((value) => value.split(' ')));
    expect(named.filter((id) => !ids.includes(id))).toEqual([]);
  });
});
