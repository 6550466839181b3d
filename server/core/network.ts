/**
 * The network that an address belongs to, for counting what comes from it: an IPv4 address alone, and the /56 of an IPv6
 * address, because whoever has one has all the others in it. No look-ups.
 */

/** A name of the network; equal for all addresses in it. Text that is no address is its own network. */
export function networkOf(address: string): string {
  const bare = address.replace(/%.*$/, '').toLowerCase();
  const [, mapped] = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/.exec(bare) ?? [];
  if (mapped !== undefined) return mapped;
  return bare.includes(':') ? `${prefixOf(bare)}/56` : bare;
}

/** The first 7 bytes in hex. */
function prefixOf(address: string): string {
  const [head = '', tail] = address.split('::');
  const left = groupsOf(head);
  const right = groupsOf(tail ?? '');
  const gap = tail === undefined ? [] : new Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0');
  return [...left, ...gap, ...right].slice(0, 4).map((group) => group.padStart(4, '0')).join('').slice(0, 14);
}

function groupsOf(text: string): readonly string[] {
  return text === '' ? [] : text.split(':');
}
