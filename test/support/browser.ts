/**
 * A real Chromium for tests: unpacked from its npm package once, each with a folder of its own for what it writes, so that test files may
 * run side by side, and driven by playwright-core. A visit collects what a page must never have: console errors, script errors, CSP reports,
 * requests that leave the server.
 */
import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core';

const run = promisify(execFile);
const unpack = "import chromium from '@sparticuz/chromium'; await chromium.executablePath(); console.log(JSON.stringify(chromium.args));";
/** A name that is no loopback name and leads to this machine: what it serves over plain http is no secure context. */
export const remoteName = 'dice.test';
/** Written last: where it is, the browser is whole. */
const argumentsName = 'arguments.json';
const launchTimeoutMs = 25_000;
const quietArguments = [`--host-resolver-rules=MAP ${remoteName} 127.0.0.1`, '--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run', '--disable-gpu'];

/** A browser that was launched for one test file. */
export interface TestBrowser {
  /** A new profile with one page; nothing is shared with other visits. */
  visit(options?: BrowserContextOptions): Promise<Visit>;
  /** Closes the visits that are open; answers everything that went wrong in them. */
  endVisits(): Promise<readonly string[]>;
  /** Of all visits that are open: see Visit. */
  forgive(expected: RegExp): void;
  /** Answers the names of the workers that were started since, in pages and in other workers. */
  watchWorkers(): Promise<() => readonly string[]>;
  /** Processes of pages; their workers are threads of theirs. */
  rendererPids(): Promise<readonly number[]>;
  close(): Promise<void>;
}

/** One profile and its page. */
export interface Visit {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Everything that went wrong in the pages of this profile so far. */
  readonly complaints: readonly string[];
  /** Takes away complaints that a test provoked on purpose. */
  forgive(expected: RegExp): void;
  close(): Promise<void>;
}

/** Launches; unpacks where that was not done before. Takes a few seconds. */
export async function launchBrowser(): Promise<TestBrowser> {
  const folder = await mkdtemp(path.join(tmpdir(), 'dice-browser-'));
  const { executablePath, args } = await unpacked();
  const browser = await started(() => chromium.launch({ executablePath, args: [...args, ...quietArguments], headless: true, timeout: launchTimeoutMs, env: { ...process.env, TMPDIR: folder, HOME: folder } }));
  const open = new Set<Visit>();
  return {
    async visit(options) {
      const visit = await newVisit(browser, options, () => { open.delete(visit); });
      open.add(visit);
      return visit;
    },
    async endVisits() {
      const complaints = [...open].flatMap((visit) => visit.complaints);
      await Promise.all([...open].map((visit) => visit.close()));
      return complaints;
    },
    forgive(expected) {
      for (const visit of open) visit.forgive(expected);
    },
    watchWorkers: () => watchWorkers(browser),
    rendererPids: () => rendererPids(browser),
    async close() {
      await browser.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The browser in its folder below node_modules, named by the version of its package. Whoever comes first unpacks it. */
async function unpacked(): Promise<{ readonly executablePath: string; readonly args: readonly string[] }> {
  const modules = path.resolve('node_modules');
  // A package tells its version so.
  const { version } = JSON.parse(await readFile(path.join(modules, '@sparticuz', 'chromium', 'package.json'), 'utf8')) as { readonly version: string };
  const folder = path.join(modules, '.cache', `chromium-${version}`);
  const argumentsFile = path.join(folder, argumentsName);
  if (!(await isThere(argumentsFile))) await unpackInto(folder);
  // The package's own list of texts.
  const args = JSON.parse(await readFile(argumentsFile, 'utf8')) as readonly string[];
  return { executablePath: path.join(folder, 'chromium'), args: args.filter((argument) => !isUnwanted(argument)) };
}

/** Through a folder beside it, so that it is there whole or not at all. */
async function unpackInto(folder: string): Promise<void> {
  await mkdir(path.dirname(folder), { recursive: true });
  const fresh = await mkdtemp(`${folder}-`);
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', unpack], { env: { ...process.env, TMPDIR: fresh } });
  await writeFile(path.join(fresh, argumentsName), stdout);
  await rename(fresh, folder).catch(async (thrown: unknown) => {
    await rm(fresh, { recursive: true, force: true });
    // Another test file was faster.
    if (!(await isThere(path.join(folder, argumentsName)))) throw thrown;
  });
}

async function isThere(file: string): Promise<boolean> {
  return await access(file).then(() => true, () => false);
}

/** This Chromium crashes at its start once in some hundred times, before any page: then it is started again. */
async function started(launch: () => Promise<Browser>, triesLeft = 3): Promise<Browser> {
  try {
    return await launch();
  } catch (thrown) {
    if (triesLeft === 1) throw thrown;
    return await started(launch, triesLeft - 1);
  }
}

/** The package switches the browser's own protections off; the pages must work with them on. It also paints by a graphics processor that the processor plays, at a quarter of the time of these tests. */
function isUnwanted(argument: string): boolean {
  return /web-security|site-isolation|insecure|single-process|no-zygote|no-sandbox|use-gl|use-angle|swiftshader|gpu/.test(argument);
}

async function watchWorkers(browser: Browser): Promise<() => readonly string[]> {
  const names = new Map<string, string>();
  const session = await browser.newBrowserCDPSession();
  const note = ({ targetInfo }: { readonly targetInfo: { readonly targetId: string; readonly type: string; readonly title: string } }): void => {
    if (targetInfo.type === 'worker') names.set(targetInfo.targetId, targetInfo.title);
  };
  session.on('Target.targetCreated', note);
  session.on('Target.targetInfoChanged', note);
  await session.send('Target.setDiscoverTargets', { discover: true, filter: [{}] });
  return () => [...names.values()];
}

async function rendererPids(browser: Browser): Promise<readonly number[]> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  return processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
}

async function newVisit(browser: Browser, options: BrowserContextOptions | undefined, onClose: () => void): Promise<Visit> {
  const context = await browser.newContext({ acceptDownloads: true, ...options });
  const complaints: string[] = [];
  context.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(`console ${message.type()}: ${message.text()} at ${message.location().url}`);
  });
  context.on('weberror', (error) => { complaints.push(`script error: ${error.error().message}`); });
  context.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (protocol.startsWith('http') && !['localhost', '127.0.0.1', remoteName].includes(hostname)) complaints.push(`foreign request: ${request.url()}`);
  });
  // The console tells most of them; this tells all, those of what the policy reports alone too.
  await context.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) => { reportError(new Error(`policy ${event.effectiveDirective} against ${event.blockedURI} ${event.sample}`)); });
  });
  const page = await context.newPage();
  return {
    context,
    page,
    complaints,
    forgive(expected) {
      const left = complaints.filter((complaint) => !expected.test(complaint));
      complaints.splice(0, complaints.length, ...left);
    },
    async close() {
      onClose();
      await context.close();
    },
  };
}
