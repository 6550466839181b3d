/**
 * People with several devices on one server, each device with a memory and a network of its own; and the server's accounts, which a test can set back,
 * and the server itself, which it can make two of.
 */
import { cp } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import type { DiceClient } from '../../client-sdk/api.js';
import type { AccountId } from '../../client-sdk/protocol/ids.js';
import type { AccountRow } from '../../server/ports/account-store.js';
import { never } from './hostile-world.js';
import { OwnerHeads } from './owner-heads.js';
import { startServer, type TestServer } from './running-server.js';
import { clientOf, testPassword } from './sdk-client.js';
import { temporaryDirectories } from './temp-directory.js';

/** Told each request as method and path, with its query; answers it, by asking the server or not. */
export type Tamper = (asked: string, ask: () => Promise<Response>, query: URLSearchParams) => Promise<Response>;

export const honest: Tamper = (_, ask) => ask();

/** A client, what it asked, and what becomes of that. */
export class Device {
  /** Method and path of each request. */
  readonly asked: string[] = [];
  tamper = honest;
  #client: DiceClient | undefined;

  /** `reached`: the server that its network leads to, whatever it dialled. */
  private constructor(public reached: string) {}

  static async connect(url: string, profileDir: string): Promise<Device> {
    const device = new Device(url);
    const fetched = (address: string, init: RequestInit): Promise<Response> => {
      const { pathname, searchParams } = new URL(address);
      const asked = `${init.method ?? 'GET'} ${pathname.replace('/api/v1', '')}`;
      device.asked.push(asked);
      return device.tamper(asked, () => fetch(address.replace(url, device.reached), init), searchParams);
    };
    // Waits cost nothing; deadlines do not come.
    const sleep = (ms: number, signal: AbortSignal | undefined): Promise<void> => (ms > 60_000 ? never(signal) : Promise.resolve());
    device.#client = await clientOf(url, { fetch: fetched, profileDir, platform: { sleep } });
    return device;
  }

  get client(): DiceClient {
    if (this.#client === undefined) throw new Error('the device is not connected');
    return this.#client;
  }

  /** Names in the gallery, in order. */
  async names(): Promise<string> {
    const found: string[] = [];
    for await (const { name } of this.client.list()) found.push(name);
    return found.sort().join(' ');
  }
}

export interface Person {
  readonly username: string;
  readonly words: string;
  readonly phone: Device;
  /** As long as the session lives that the phone began with. */
  readonly heads: OwnerHeads;
}

/** All devices of a test's people, and their server. Registered once at the top of a test file: devices end with each test, the server with the last. */
export function servedDevices(): Devices {
  // Its folders go after it.
  afterAll(() => devices.stop());
  const devices = new Devices(temporaryDirectories());
  beforeAll(() => devices.start());
  afterEach(() => devices.closeAll());
  return devices;
}

/** They reach the server through networks of their own. */
export class Devices {
  readonly #devices: Device[] = [];
  readonly #servers: TestServer[] = [];
  #people = 0;

  constructor(private readonly newFolder: () => Promise<string>) {}

  get server(): TestServer {
    const [first] = this.#servers;
    if (first === undefined) throw new Error('the server does not run');
    return first;
  }

  async start(): Promise<void> {
    this.#servers.unshift(await startServer({ dataDirectory: await this.newFolder() }));
  }

  async stop(): Promise<void> {
    for (const server of this.#servers.splice(0)) await server.stop();
  }

  /** Answers a second server with the same past. Devices go on with the first until they reach for the other. */
  async fork(): Promise<TestServer> {
    const [{ dataDirectory }, copy] = [this.server, await this.newFolder()];
    await this.stop();
    await cp(dataDirectory, copy, { recursive: true });
    for (const directory of [dataDirectory, copy]) this.#servers.push(await startServer({ dataDirectory: directory }));
    for (const device of this.#devices) device.reached = this.server.url;
    return this.#servers[1] as TestServer; // just begun
  }

  async connect(): Promise<Device> {
    const device = await Device.connect(this.server.url, await this.newFolder());
    this.#devices.push(device);
    return device;
  }

  async login(username: string, password = testPassword): Promise<Device> {
    const device = await this.connect();
    await device.client.login({ username, password });
    return device;
  }

  /** A new person with one device. */
  async person(): Promise<Person> {
    const username = `person-${String(++this.#people)}`;
    const phone = await this.connect();
    const { recoveryWords: words } = await phone.client.register({ username, password: testPassword, domain: 'personal' });
    return { username, words, phone, heads: await OwnerHeads.of(phone.client) };
  }

  async rowOf({ client }: Device): Promise<AccountRow> {
    const row = await this.server.store.parts.stores.accounts.find(client.account?.accountId as AccountId); // the SDK has it from the server
    if (row === undefined) throw new Error('the account has no row');
    return row;
  }

  /** The account alone is as it was: what a server does that serves an older one, to whoever asks. */
  async setBack(device: Device, row: AccountRow): Promise<void> {
    expect(await this.server.store.parts.stores.accounts.replace(row, await this.rowOf(device), false)).toBe(true);
  }

  async closeAll(): Promise<void> {
    for (const { client } of this.#devices.splice(0)) await client.close();
  }
}
