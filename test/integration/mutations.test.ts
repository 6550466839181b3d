/**
 * A server that lies about any member of any answer: each lie is refused with a code, or means nothing, and no key, password, plaintext or
 * name is sent because of it. Here a sample by a seed (MUTATION_SEED); test/long tells all lies.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openStage, type HostileStage } from '../support/hostile-stage.js';
import { credulous } from '../support/credulous.js';
import { scenarios } from '../support/hostile-scenarios.js';
import { honestRun, mutationsOf } from '../support/mutations.js';
import { allLies, checks, MutationTable, tellAll, type Told, tellingsOf, unmetRoutes } from '../support/mutation-table.js';
import { secretIn } from '../support/secret-search.js';
import { listenForUnheard } from '../support/unheard-rejections.js';

const seed = Number(process.env['MUTATION_SEED'] ?? '20261122');
const told: Told[] = [];

describe.each<['own' | 'shared', number, readonly string[]]>([['own', 80, Object.keys(checks)], ['shared', 4, []]])('under existence = %s', (existence, most, codes) => {
  let stage: HostileStage;

  beforeAll(async () => {
    stage = await openStage(existence);
  });

  afterAll(async () => {
    await stage.world.close();
  });

  it('a client believes no lie of a sample, asks not for ever, and sends nothing secret', async () => {
    const table = new MutationTable();
    const unheard = listenForUnheard();
    const all = await allLies(stage, existence);
    told.push(...all);
    await tellAll(stage, tellingsOf(all, seed).slice(0, most), (judged) => { table.add(judged); });
    expect(unheard.stop()).toEqual([]);
    expect(table.defects).toEqual([]);
    expect(table.count).toBe(most);
    expect(table.notTold).toBeLessThan(most / 10);
    expect(table.missing(codes)).toEqual([]);
    expect(table.maxRequests).toBeLessThan(60);
  });
});

describe('the lies', () => {
  it('are about an answer of every route', () => {
    expect(unmetRoutes(told)).toEqual([]);
  });

  it('find a client that does not look at the tags of what it opens', async () => {
    const stage = await openStage('own', credulous);
    try {
      const honest = await honestRun(stage, scenarios.preview);
      // The other end of it is padding, which must be zeros anyhow.
      const mutations = mutationsOf('preview', honest, stage.elsewhere).filter(({ route, lie }) => route === 'readPreview' && lie.kind === 'sealed ciphertext flipped');
      const table = new MutationTable();
      await tellAll(stage, mutations.map((mutation) => ({ scenario: scenarios.preview, honest, mutation })), (judged) => { table.add(judged); });
      expect(table.defects).toEqual([expect.stringMatching(/^WRONG: preview, readPreview, sealed ciphertext flipped/)]);
    } finally {
      await stage.world.close();
    }
  });
});

describe('the search for secrets', () => {
  const key = Buffer.from(Array.from({ length: 32 }, (_, i) => (7 * i + 3) & 0xff));
  const auth = Buffer.alloc(32, 0xa7);
  const secrets = { keys: new Set([key.toString('latin1')]), auths: new Set([auth.toString('latin1')]), texts: ['holiday.png'], pieces: new Set([key.subarray(8, 24).toString('latin1')]) };
  const sent = { route: 'login' as const, url: 'http://localhost/api/v1/login', headers: {}, body: Buffer.from('{}') };

  it.each([key, Buffer.from(key.toString('hex')), Buffer.from(key.toString('base64')), Buffer.from(`{"a":"${Buffer.concat([Buffer.of(1), key]).toString('base64url')}"}`)])('finds a key in a body', (body) => {
    expect(secretIn({ ...sent, body }, secrets)).toBe('a key');
    expect(secretIn(sent, secrets)).toBeUndefined();
  });

  it('finds it in a URL and in a header, and a text and a piece of plaintext in a body', () => {
    expect(secretIn({ ...sent, url: `http://localhost/${key.toString('hex')}` }, secrets)).toBe('a key');
    expect(secretIn({ ...sent, headers: { 'x-key': key.toString('base64url') } }, secrets)).toBe('a key');
    expect(secretIn({ ...sent, body: Buffer.from('DCB1 holiday.png') }, secrets)).toMatch(/^a text/);
    expect(secretIn({ ...sent, body: key.subarray(5, 29) }, secrets)).toBe('a piece of plaintext');
  });

  it('lets what a login proves pass in the body of a login alone', () => {
    const body = Buffer.from(`{"authKey":"${auth.toString('hex')}"}`);
    expect(secretIn({ ...sent, body }, secrets)).toBeUndefined();
    expect(secretIn({ ...sent, route: 'invite', body }, secrets)).toBe('what a login proves');
    expect(secretIn({ ...sent, url: `http://localhost/${auth.toString('hex')}` }, secrets)).toBe('what a login proves');
  });
});
