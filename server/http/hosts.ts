/**
 * Where a request says that it goes and where it comes from: the host check against rebinding of names, the
 * Origin check against other sites, and whether a request is local beyond doubt. SPEC.md section 12.
 */
import type { IncomingHttpHeaders } from 'node:http';

/** Headers by which proxies say that they forwarded a request. */
const forwardingHeaders = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-forwarded-port', 'x-real-ip', 'cf-connecting-ip', 'true-client-ip'];

/** What the operator said about the way to this server. */
export interface Reach {
  readonly publicUrl: URL | undefined;
  readonly hasProxy: boolean;
}

/** `name` (without port; IPv6 with or without brackets) can only mean this machine. */
export function isLoopbackName(name: string): boolean {
  const bare = name.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  return bare === 'localhost' || bare.endsWith('.localhost') || bare === '::1' || /^127(\.\d{1,3}){3}$/.test(bare);
}

/** `address` of a socket is of this machine. */
function isLoopbackAddress(address: string | undefined): boolean {
  return address !== undefined && isLoopbackName(address.replace(/^::ffff:/, ''));
}

/** The name in a Host header, in lower case and without port; undefined where the header has another form. */
function hostNameOf(header: string | undefined): string | undefined {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/i.exec(header ?? '');
  return match?.[1]?.toLowerCase();
}

/** The server answers under this Host header: a loopback name or that of the public address. */
export function isHostAllowed(header: string | undefined, reach: Reach): boolean {
  const name = hostNameOf(header);
  return name !== undefined && (isLoopbackName(name) || name === reach.publicUrl?.hostname);
}

/** `origin` is where this server's own pages come from, for a request with this Host header. */
export function isOriginAllowed(origin: string, host: string | undefined, reach: Reach): boolean {
  if (origin === reach.publicUrl?.origin) return true;
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  if (url === undefined || url.origin !== origin) return false;
  return isLoopbackName(url.hostname) && url.host === host?.toLowerCase();
}

/**
 * The request comes from this machine and through nothing: a loopback socket, no address for others, no proxy
 * named, no trace of one.
 */
export function isTrustedLocal(request: { readonly headers: IncomingHttpHeaders; readonly remoteAddress: string | undefined }, reach: Reach): boolean {
  if (reach.publicUrl !== undefined || reach.hasProxy) return false;
  return isLoopbackAddress(request.remoteAddress) && !forwardingHeaders.some((name) => request.headers[name] !== undefined);
}
