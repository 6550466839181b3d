/**
 * Addresses of worker scripts where a page demands Trusted Types: one policy, made once, that lets through scripts of this very origin's
 * assets and nothing else. Where the browser knows no Trusted Types the address goes as it is. server/http/headers.ts names the policy.
 */

/** As server/http/headers.ts allows it. */
export const scriptPolicyName = 'dice-worker';

/** What is used of Trusted Types. */
interface Factory {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): unknown };
}

let policy: ReturnType<Factory['createPolicy']> | undefined;

/** `url` as `new Worker` takes it. Throws RangeError where it is no script among this origin's assets. */
export function workerScriptUrl(url: string): string {
  const { trustedTypes } = globalThis as { readonly trustedTypes?: Factory }; // not in every browser, nor in TypeScript's own types
  if (trustedTypes === undefined) return checked(url);
  policy ??= trustedTypes.createPolicy(scriptPolicyName, { createScriptURL: checked });
  // Worker takes a TrustedScriptURL wherever it takes a text.
  return policy.createScriptURL(url) as string;
}

function checked(url: string): string {
  const { origin, pathname } = new URL(url, location.href);
  if (origin !== location.origin || !/^\/assets\/[a-z-]+\.js$/.test(pathname)) throw new RangeError('a worker’s script must be one of this server’s assets');
  return url;
}
