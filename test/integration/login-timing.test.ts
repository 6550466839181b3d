/**
 * Whether a user name exists cannot be told by the time that an answer takes: known and unknown names in turn, compared by the area under the
 * ROC curve (0.5: nothing to see). What slows the machine slows both alike; a delay that is put in is found, so that the test can fail.
 */
import { randomBytes } from 'node:crypto';
import { Agent, request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AccountStore } from '../../server/ports/account-store.js';
import { hereAndTrusted, registrationOf } from '../support/core-store.js';
import { startServer, type TestServer } from '../support/running-server.js';

const agent = new Agent({ keepAlive: true, maxSockets: 1 });
let server: TestServer;
let accounts: AccountStore;
let asked = 0;

beforeAll(async () => {
  // Each guess comes from an address of its own: the limiter has nothing to say.
  server = await startServer({ trustProxy: 1 });
  accounts = server.store.parts.stores.accounts;
  for (const name of ['operator', 'known', 'other']) await server.services.accounts.register(registrationOf(name), hereAndTrusted);
});
afterAll(async () => {
  agent.destroy();
  await server.close();
});

interface Question {
  readonly path: string;
  readonly status: number;
  readonly bodyOf: (username: string) => object;
}

const questions: Readonly<Record<'login' | 'recovery' | 'parameters', Question>> = {
  login: { path: '/login', status: 401, bodyOf: (username) => ({ username, authKey: randomBytes(32).toString('hex'), carrier: 'bearer' }) },
  recovery: { path: '/recovery', status: 401, bodyOf: (username) => ({ username, recoveryAuth: randomBytes(32).toString('hex') }) },
  parameters: { path: '/login/parameters', status: 200, bodyOf: (username) => ({ username }) },
};

/** Milliseconds until the whole answer is there. */
function timed({ path, status, bodyOf }: Question, username: string): Promise<number> {
  const body = JSON.stringify(bodyOf(username));
  const address = `10.${String(asked >> 16)}.${String((asked >> 8) & 255)}.${String(asked++ & 255)}`;
  const headers = { 'content-type': 'application/json', 'content-length': body.length, 'x-forwarded-for': address };
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const call = httpRequest(`${server.url}/api/v1${path}`, { method: 'POST', agent, headers }, (answer) => {
      answer.resume().once('end', () => {
        if (answer.statusCode === status) resolve(performance.now() - startedAt);
        else reject(new Error(`it answered ${String(answer.statusCode)}`));
      });
    });
    call.once('error', reject);
    call.end(body);
  });
}

interface Times {
  readonly known: number[];
  readonly unknown: number[];
}

/** Pairs in random order, after some that are not counted. */
async function measured(question: Question, pairs: number): Promise<Times> {
  const times: Times = { known: [], unknown: [] };
  for (let i = -20; i < pairs; i++) {
    const order = (randomBytes(1)[0] ?? 0) < 128 ? (['known', 'unknown'] as const) : (['unknown', 'known'] as const);
    for (const kind of order) {
      const ms = await timed(question, kind === 'known' ? 'known' : 'nobody');
      if (i >= 0) times[kind].push(ms);
    }
  }
  return times;
}

/** How often a known name took longer than an unknown one. */
function areaUnderCurve({ known, unknown }: Times): number {
  const all = [...known.map((ms) => ({ ms, isKnown: true })), ...unknown.map((ms) => ({ ms, isKnown: false }))].sort((a, b) => a.ms - b.ms);
  const ranks = all.reduce((sum, { isKnown }, i) => (isKnown ? sum + i + 1 : sum), 0);
  return (ranks - (known.length * (known.length + 1)) / 2) / (known.length * unknown.length);
}

const medianOf = (times: readonly number[]): number => [...times].sort((a, b) => a - b)[times.length >> 1] ?? 0;

describe('the time of an answer', () => {
  it.each([['login', 1_000], ['recovery', 400], ['parameters', 400]] as const)('to %s is the same for known and unknown names, in %i pairs', async (name, pairs) => {
    const area = areaUnderCurve(await measured(questions[name], pairs));
    expect(area).toBeLessThanOrEqual(0.6);
    expect(area).toBeGreaterThanOrEqual(0.4);
  });

  it('gives away a delay of half an answer', async () => {
    const usual = medianOf((await measured(questions.login, 50)).known);
    const own = accounts.findByName.bind(accounts);
    accounts.findByName = async (name) => {
      const until = performance.now() + usual / 2;
      while (name === 'known' && performance.now() < until);
      return own(name);
    };
    try {
      expect(areaUnderCurve(await measured(questions.login, 300))).toBeGreaterThan(0.65);
    } finally {
      accounts.findByName = own;
    }
  });
});

describe('the area under the curve', () => {
  it('is one half for equal times, one and zero for those that are apart', () => {
    const [early, late] = [[1, 2, 3, 4], [5, 6, 7, 8]];
    expect([areaUnderCurve({ known: late, unknown: early }), areaUnderCurve({ known: early, unknown: late }), areaUnderCurve({ known: [1, 4], unknown: [2, 3] })]).toEqual([1, 0, 0.5]);
  });
});
