/**
 * Pairs of the same question about a user name that exists and one that does not, against a server in this process, one right after the other in random
 * order; a delay can be put in for known names, so that a test shows what it would find.
 */
import { randomBytes } from 'node:crypto';
import { Agent, request as httpRequest } from 'node:http';
import { hereAndTrusted, registrationOf } from './core-store.js';
import { medianOf, type PairedFigures } from './oracle-statistics.js';
import { startServer, type TestServer } from './running-server.js';

interface Question {
  readonly path: string;
  readonly status: number;
  readonly bodyOf: (username: string) => object;
}

/** What anybody may ask about a name, as somebody who does not know its secrets. */
export const nameQuestions = {
  login: { path: '/login', status: 401, bodyOf: (username) => ({ username, authKey: randomBytes(32).toString('hex'), carrier: 'bearer' }) },
  recovery: { path: '/recovery', status: 401, bodyOf: (username) => ({ username, recoveryAuth: randomBytes(32).toString('hex') }) },
  parameters: { path: '/login/parameters', status: 200, bodyOf: (username) => ({ username }) },
} as const satisfies Readonly<Record<string, Question>>;

/** Their names. */
export type NameQuestion = keyof typeof nameQuestions;

/** Pairs before those that count. */
const warmUp = 20;
/** Pairs after which a planted delay is measured anew. */
const plantEvery = 10;
/** For both kinds alike, by length too. */
const names = { known: 'known', unknown: 'none0' } as const;

/** A server and a connection to it. */
export class NameBench {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  #asked = 0;

  private constructor(private readonly server: TestServer) {}

  static async open(): Promise<NameBench> {
    // Each guess comes from an address of its own: the limiter has nothing to say.
    const server = await startServer({ trustProxy: 1 });
    for (const name of ['operator', names.known, 'other']) await server.services.accounts.register(registrationOf(name), hereAndTrusted);
    return new NameBench(server);
  }

  /**
   * Milliseconds until the whole answer is there, of the quickest of `tries`; foreign: a name that exists. `planted`: known names take longer by this part of
   * the median.
   */
  async measure(name: NameQuestion, { pairs, tries = 1, planted = 0 }: { readonly pairs: number; readonly tries?: number; readonly planted?: number }): Promise<PairedFigures> {
    const times = { foreign: new Array<number>(), absent: new Array<number>() };
    const { accounts } = this.server.store.parts.stores;
    const own = accounts.findByName.bind(accounts);
    let delayMs = 0;
    accounts.findByName = async (username) => {
      if (username === names.known) spin(delayMs);
      return own(username);
    };
    try {
      for (let i = -warmUp; i < pairs; i++) {
        if (i % plantEvery === 0 && times.absent.length > 0) delayMs = planted * medianOf(times.absent.slice(-2 * plantEvery));
        const quickest = { foreign: Infinity, absent: Infinity };
        for (let tried = 0; tried < tries; tried++) {
          const isKnownFirst = (randomBytes(1)[0] ?? 0) < 128;
          for (const kind of isKnownFirst ? (['foreign', 'absent'] as const) : (['absent', 'foreign'] as const)) {
            quickest[kind] = Math.min(quickest[kind], await this.#timed(nameQuestions[name], kind === 'foreign' ? names.known : names.unknown));
          }
        }
        times.foreign.push(quickest.foreign);
        times.absent.push(quickest.absent);
      }
    } finally {
      accounts.findByName = own;
    }
    return { foreign: times.foreign.slice(warmUp), absent: times.absent.slice(warmUp) };
  }

  async close(): Promise<void> {
    this.#agent.destroy();
    await this.server.close();
  }

  #timed({ path, status, bodyOf }: Question, username: string): Promise<number> {
    const body = JSON.stringify(bodyOf(username));
    const at = this.#asked++;
    const headers = { 'content-type': 'application/json', 'content-length': body.length, 'x-forwarded-for': `10.${String((at >> 16) & 255)}.${String((at >> 8) & 255)}.${String(at & 255)}` };
    return new Promise((resolve, reject) => {
      const startedAt = performance.now();
      const call = httpRequest(`${this.server.url}/api/v1${path}`, { method: 'POST', agent: this.#agent, headers }, (answer) => {
        answer.resume().once('end', () => {
          if (answer.statusCode === status) resolve(performance.now() - startedAt);
          else reject(new Error(`it answered ${String(answer.statusCode)}`));
        });
      });
      call.once('error', reject);
      call.end(body);
    });
  }
}

/** Works for a while, as a look-up does. */
function spin(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until;);
}
