/**
 * A browser and a server that run while the tests of a file do.
 */
import { afterAll, beforeAll } from '@jest/globals';
import { launchBrowser, type TestBrowser } from './browser.js';
import { startServer, type TestServer } from './running-server.js';

export interface ServedBrowser {
  readonly browser: TestBrowser;
  readonly server: TestServer;
}

/** Registered once at the top of the file; what it answers is there in tests alone. */
export function servedBrowser(): ServedBrowser {
  let running: ServedBrowser | undefined;
  beforeAll(async () => {
    const [browser, server] = await Promise.all([launchBrowser(), startServer()]);
    running = { browser, server };
  });
  afterAll(async () => {
    await running?.browser.close();
    await running?.server.close();
  });
  const current = (): ServedBrowser => {
    if (running === undefined) throw new Error('browser and server run only while tests do');
    return running;
  };
  return { get browser() { return current().browser; }, get server() { return current().server; } };
}
