/**
 * The network between the SDK and a real server, in one process: it keeps what was asked and answered, and tells one lie about the
 * answers of one route. It never follows a redirection, and it stops a client that asks for ever.
 */
import { apiPrefix, type Route, type RouteName, routes } from '../../client-sdk/protocol/routes.js';
import { responseOf } from './answer-lies.js';
import type { Lie, Told } from './lie.js';

/** A request as the client sent it. */
export interface SentRequest {
  readonly route: RouteName | undefined;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** A request and the server's own answer. */
export interface Exchange {
  readonly sent: SentRequest;
  readonly answer: Told;
}

/** What is lied about: answers of a route, from the one of this number (from 0) on. */
export interface LieAbout {
  readonly route: RouteName;
  readonly from: number;
  readonly lie: Lie;
}

/** Thrown to a client that asks more than any honest one would. */
export class AskedForEver extends Error {
  override readonly name = 'AskedForEver';
}

const maxRequests = 400;
const named = Object.entries(routes).map(([name, route]) => [name as RouteName, patternOf(route)] as const);

export class LyingNetwork {
  exchanges: Exchange[] = [];
  /** Undefined: honest. */
  lying: LieAbout | undefined;
  /** Answers requests in the server's place, where it answers at all. */
  instead: (sent: SentRequest) => Response | undefined = () => undefined;
  /** Answers that were changed. */
  lies = 0;
  isOverrun = false;
  #count = 0;
  #turns = 0;

  /** Forgets what was asked. From then on requests come from another address: of thousands of lies more make a login fail than one address may. */
  reset(lying: LieAbout | undefined): void {
    this.#turns++;
    this.exchanges = [];
    this.lying = lying;
    this.instead = () => undefined;
    this.lies = 0;
    this.isOverrun = false;
    this.#count = 0;
  }

  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    if (this.exchanges.length >= maxRequests) {
      this.isOverrun = true;
      throw new AskedForEver();
    }
    const sent = sentOf(url, init);
    const other = this.instead(sent);
    if (other !== undefined) return other;
    const response = await fetch(url, { ...init, headers: { ...sent.headers, 'x-forwarded-for': addressOf(this.#turns) } });
    const answer: Told = { status: response.status, headers: Object.fromEntries(response.headers), body: new Uint8Array(await response.arrayBuffer()) };
    this.exchanges.push({ sent, answer });
    return responseOf(this.#told(sent.route, answer));
  };

  #told(route: RouteName | undefined, answer: Told): Told {
    if (this.lying === undefined || route !== this.lying.route || this.#count++ < this.lying.from) return answer;
    const told = this.lying.lie.tell(answer);
    const isSame = told.status === answer.status && told.headers === answer.headers && Buffer.compare(told.body, answer.body) === 0;
    if (!isSame) this.lies++;
    return told;
  }
}

function addressOf(turn: number): string {
  return ['10', turn >> 16, (turn >> 8) & 0xff, turn & 0xff].join('.');
}

function sentOf(url: string, init: RequestInit): SentRequest {
  // The transport gives a plain record and whole bytes.
  const headers = (init.headers ?? {}) as Readonly<Record<string, string>>;
  const body = (init.body ?? new Uint8Array()) as Uint8Array;
  const path = new URL(url).pathname;
  return { route: named.find(([, { method, pattern }]) => method === init.method && pattern.test(path))?.[0], url, headers, body: Uint8Array.from(body) };
}

function patternOf({ method, path }: Route): { readonly method: string; readonly pattern: RegExp } {
  return { method, pattern: new RegExp(`^${apiPrefix}${path.replace(/:\w+/g, '[^/]+')}$`) };
}
