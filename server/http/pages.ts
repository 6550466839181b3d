/**
 * The pages: GET alone, templates filled with facts of the server (never of an account: what a page shows of one, its script
 * fetches and opens in the browser), and the static assets. Not the API.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync, gzipSync } from 'node:zlib';
import ejs from 'ejs';
import type { Request, Response, Router } from 'express';
import { isId } from '../../client-sdk/protocol/ids.js';
import { apiPrefix } from '../../client-sdk/protocol/routes.js';
import type { ServerCard } from '../../client-sdk/protocol/messages.js';
import { isLoopbackName } from './hosts.js';
import { nameRoute } from './request-log.js';

/** What the pages need of the server. */
export interface PagesOptions {
  /** The facts of GET /server, as this request may see them. */
  readonly readCard: (request: Request) => Promise<ServerCard> | ServerCard;
  /** Compiled views; default: dist/views beside the compiled server. */
  readonly viewsDir?: string | undefined;
  /** The address that people use: https there means that a proxy speaks TLS before this server. */
  readonly publicUrl?: URL | undefined;
}

type DoorPage = 'home' | 'login' | 'register' | 'recover';
type AppPage = 'gallery' | 'trash' | 'image' | 'report' | 'account' | 'operator';
type PageName = DoorPage | AppPage | 'error';

/** The view-model of every template. */
interface PageView {
  readonly page: PageName;
  readonly title: string;
  /** The entry of the navigation that is marked. */
  readonly section: string;
  readonly isApp: boolean;
  readonly width: 'wide' | 'medium' | 'narrow';
  readonly script: string | undefined;
  readonly links: readonly { readonly page: string; readonly href: string; readonly text: string }[];
  readonly isPlainHttp: boolean;
  readonly version: string;
  readonly signup: ServerCard['signup'];
  readonly defaultDomain: ServerCard['defaultDomain'];
  readonly hasAccounts: boolean;
  readonly needsSetupToken: boolean;
  readonly trashDays: number;
  /** Page `image` only. */
  readonly imageId: string;
  /** Page `error` only. */
  readonly text: string;
  /** Address of an asset, with its hash, so that it may be cached for ever. */
  readonly asset: (name: string) => string;
}

interface PagePlan {
  readonly page: PageName;
  readonly path: string;
  readonly title: string;
  readonly width: PageView['width'];
}

const pages: readonly PagePlan[] = [
  { page: 'home', path: '/', title: 'Welcome', width: 'wide' },
  { page: 'login', path: '/login', title: 'Log in', width: 'narrow' },
  { page: 'register', path: '/register', title: 'Make an account', width: 'narrow' },
  { page: 'recover', path: '/recover', title: 'Recover', width: 'narrow' },
  { page: 'gallery', path: '/gallery', title: 'Gallery', width: 'wide' },
  { page: 'trash', path: '/trash', title: 'Trash', width: 'wide' },
  { page: 'image', path: '/images/:imageId', title: 'Image', width: 'wide' },
  { page: 'report', path: '/report', title: 'Report', width: 'wide' },
  { page: 'account', path: '/account', title: 'Account', width: 'wide' },
  { page: 'operator', path: '/operator', title: 'Operator', width: 'wide' },
];

const links: PageView['links'] = [
  { page: 'gallery', href: '/gallery', text: 'Gallery' },
  { page: 'trash', href: '/trash', text: 'Trash' },
  { page: 'report', href: '/report', text: 'Report' },
  { page: 'account', href: '/account', text: 'Account' },
  { page: 'operator', href: '/operator', text: 'Operator' },
];

const appPages: ReadonlySet<PageName> = new Set<PageName>(['gallery', 'trash', 'image', 'report', 'account', 'operator']);
const scriptless: ReadonlySet<PageName> = new Set<PageName>(['home', 'error']);

/** Mounts the pages, the assets and the page for addresses that do not exist. Mount it after every other route. */
export function mountPages(app: Router, options: PagesOptions): void {
  const viewsDir = options.viewsDir ?? fileURLToPath(new URL('../../views', import.meta.url));
  const assets = readAssets(join(viewsDir, 'assets'));
  app.get('/assets/:name', (request, response, next) => {
    const asset = assets.get(request.params.name);
    if (asset === undefined) {
      next();
      return;
    }
    nameRoute(response, '/assets/:name');
    sendAsset(asset, request, response);
  });
  const site: Site = { ...options, viewsDir, assets };
  for (const plan of pages) {
    app.get(plan.path, async (request, response, next) => {
      const imageId = imageIdOf(plan, request);
      if (imageId === undefined) {
        next();
        return;
      }
      nameRoute(response, plan.path);
      await sendPage(site, { plan, imageId, status: 200, text: '' }, response);
    });
  }
  app.get(/.*/, async (request, response, next) => {
    if (!isPageRequest(request)) next();
    else await sendPage(site, { plan: missing, imageId: '', status: 404, text: 'Nothing lives at this address.' }, response);
  });
}

const missing: PagePlan = { page: 'error', path: '', title: 'Not found', width: 'wide' };

interface Site extends PagesOptions {
  readonly viewsDir: string;
  readonly assets: ReadonlyMap<string, Asset>;
}

interface Asset {
  readonly type: string;
  readonly hash: string;
  readonly bytes: Buffer;
  /** Shorter forms, by the name of their coding. */
  readonly coded: Readonly<Partial<Record<'br' | 'gzip', Buffer>>>;
}

interface PageAnswer {
  readonly plan: PagePlan;
  readonly imageId: string;
  readonly status: number;
  readonly text: string;
}

function isPlainHttp(site: Site, request: Request): boolean {
  return request.protocol === 'http' && site.publicUrl?.protocol !== 'https:' && !isLoopbackName(request.hostname);
}

function imageIdOf(plan: PagePlan, request: Request): string | undefined {
  if (plan.page !== 'image') return '';
  const id = request.params['imageId'];
  return typeof id === 'string' && isId(id) ? id : undefined;
}

function isPageRequest(request: Request): boolean {
  if (request.path === apiPrefix || request.path.startsWith(`${apiPrefix}/`)) return false;
  return request.accepts(['json', 'html']) === 'html';
}

async function sendPage(site: Site, answer: PageAnswer, response: Response): Promise<void> {
  const { plan } = answer;
  const card = await site.readCard(response.req);
  const view: PageView = {
    page: plan.page,
    title: plan.title,
    section: plan.page === 'image' ? 'gallery' : plan.page,
    isApp: appPages.has(plan.page),
    width: plan.width,
    script: scriptless.has(plan.page) ? undefined : `${plan.page}.js`,
    links,
    isPlainHttp: isPlainHttp(site, response.req),
    version: card.version,
    signup: card.signup,
    defaultDomain: card.defaultDomain,
    hasAccounts: card.hasAccounts,
    needsSetupToken: card.needsSetupToken,
    trashDays: card.trashDays,
    imageId: answer.imageId,
    text: answer.text,
    asset: (name) => assetPath(site.assets, name),
  };
  const html = await ejs.renderFile(join(site.viewsDir, `${plan.page}.ejs`), view, { cache: true });
  response.status(answer.status).set('Cache-Control', 'no-cache').type('html').send(html);
}

function assetPath(assets: ReadonlyMap<string, Asset>, name: string): string {
  const hash = assets.get(name)?.hash;
  return hash === undefined ? `/assets/${name}` : `/assets/${name}?v=${hash}`;
}

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
};

/** A handful of small files, read once: no path of a request ever reaches the disk. */
function readAssets(dir: string): ReadonlyMap<string, Asset> {
  const assets = new Map<string, Asset>();
  for (const name of namesIn(dir)) {
    const type = types[extname(name)];
    if (type === undefined) continue;
    const bytes = readFileSync(join(dir, name));
    const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
    assets.set(name, { type, hash, bytes, coded: { ...brotliOf(join(dir, `${name}.br`), bytes), gzip: gzipSync(bytes, { level: 9 }) } });
  }
  return assets;
}

/** What the build compressed, where it did: nothing where it is not this very asset. */
function brotliOf(file: string, bytes: Buffer): { readonly br?: Buffer } {
  try {
    const br = readFileSync(file);
    return brotliDecompressSync(br).equals(bytes) ? { br } : {};
  } catch {
    return {};
  }
}

/** None where the pages were not built: the API works without them. */
function namesIn(dir: string): readonly string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

function sendAsset(asset: Asset, request: Request, response: Response): void {
  const isNamedByHash = request.query['v'] === asset.hash || /^chunk-/.test(request.path.slice('/assets/'.length));
  response.set({
    'Content-Type': asset.type,
    'Cache-Control': isNamedByHash ? 'public, max-age=31536000, immutable' : 'no-cache',
    ETag: `W/"${asset.hash}"`,
    Vary: 'Accept-Encoding',
  });
  if (request.fresh) {
    response.status(304).end();
    return;
  }
  const coding = codingFor(asset, request);
  if (coding !== undefined) response.set('Content-Encoding', coding);
  response.end(coding === undefined ? asset.bytes : asset.coded[coding]);
}

/** Asked one by one: of several that a browser takes alike, it would name the first, not the shortest. Weak tags are the same for all. */
function codingFor(asset: Asset, request: Request): 'br' | 'gzip' | undefined {
  return (['br', 'gzip'] as const).find((coding) => asset.coded[coding] !== undefined && request.acceptsEncodings(coding) === coding);
}
