/**
 * A server that speaks in bytes and a client that dials it; another server, to which nobody may come. A wait of a minute takes a moment where a test says so.
 */
import { afterAll, beforeAll, expect } from '@jest/globals';
import { connectWith } from '../../client-sdk/client.js';
import { nodePlatform } from '../../client-sdk/node/platform.js';
import { answerOf, RawServer, type Speak } from './raw-server.js';
import { codeOf } from './sdk-client.js';

/** A minute, and what is one on the clock of a client that is made to wait. */
export const minuteMs = 60_000;
export const fastMinuteMs = 200;

/** What the client asks for first. */
export const card = JSON.stringify({
  serverId: '00112233445566778899aabbccddeeff', realm: 'localhost', version: '1', protocol: 1, existence: 'own', signup: 'open', defaultDomain: 'personal',
  hasAccounts: true, needsSetupToken: false, maxImageBytes: 1, trashDays: 1,
});
export const cardLength = String(card.length);

/** How a client dials; its minute is `oneMinuteMs` long. */
export interface Dialling {
  readonly oneMinuteMs?: number;
  readonly signal?: AbortSignal;
}

export class DialledServer {
  private constructor(
    private readonly server: RawServer,
    private readonly elsewhere: RawServer,
  ) {}

  static async open(): Promise<DialledServer> {
    return new DialledServer(await RawServer.open(), await RawServer.open());
  }

  /** Requests of the last dialling. */
  get requests(): number {
    return this.server.requests;
  }

  /** Where nobody may come. */
  get elsewhereUrl(): string {
    return this.elsewhere.url;
  }

  /** What a client makes of it that dials the server. */
  async dial(speak: Speak, { oneMinuteMs = minuteMs, signal }: Dialling = {}): Promise<string> {
    this.server.speak = speak;
    this.server.requests = 0;
    const platform = nodePlatform(undefined, 0);
    const sleep = (ms: number, ended: AbortSignal | undefined): Promise<void> => platform.sleep(ms > minuteMs ? (ms * oneMinuteMs) / minuteMs : 0, ended);
    const now = (): number => (Date.now() * minuteMs) / oneMinuteMs;
    const code = await codeOf(connectWith({ ...platform, sleep, now }, { server: this.server.url, signal }));
    expect(this.server.requests).toBeLessThanOrEqual(6);
    expect(this.elsewhere.requests).toBe(0);
    return code;
  }

  async close(): Promise<void> {
    await this.server.close();
    await this.elsewhere.close();
  }
}

/** Of the test file that calls this, while its tests run. */
export function dialledServer(): () => DialledServer {
  let running: DialledServer | undefined;
  beforeAll(async () => { running = await DialledServer.open(); });
  afterAll(() => running?.close());
  return () => {
    if (running === undefined) throw new Error('the server runs only while tests do');
    return running;
  };
}

/** Says the whole answer and ends. */
export const say = (answer: Uint8Array): Speak => (socket) => { socket.end(answer); };

/** A piece of a body in chunks. */
export const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;

/** The answer as it should be, of the headers and half of the body. */
export const halfOfBody: Speak = (socket) => { socket.write(answerOf(card.slice(0, 50), { 'content-length': cardLength })); };
