/**
 * Whose equal images meet on the disk, as the operator measures it: bytes of the data directory after merging and compaction and a drained stop.
 */
import { folderBytes } from '../../bench/server-process.js';
import { loggedIn, serving } from './moved-store.js';
import { downloaded, registered, storedId } from './sdk-client.js';

export type MeetingDomain = 'open' | 'personal' | 'group';

/** Bytes that the second person's equal image adds, as a share of what the first one's took, in a store that is made in `data`. */
export async function shareOfSecond(data: string, domain: MeetingDomain, picture: Uint8Array): Promise<number> {
  const empty = await bytesAfter(data, async (url) => {
    const own = domain === 'group' ? {} : { domain };
    const ada = await registered(url, 'ada', own);
    // An invitation begins the group, and its maker uploads into it from then on.
    await registered(url, 'bob', domain === 'group' ? { invitation: (await ada.invite()).link } : own);
  });
  const one = await bytesAfter(data, (url) => store(url, 'ada', picture));
  const two = await bytesAfter(data, (url) => store(url, 'bob', picture));
  return (two - one) / (one - empty);
}

async function bytesAfter(data: string, work: (url: string) => Promise<void>): Promise<number> {
  await serving({ dataDirectory: data }, async ({ url, services }) => {
    await work(url);
    await services.sweep.sweep({ isThorough: true });
  });
  return folderBytes(data);
}

/** Stores it, and has it back. */
async function store(url: string, username: string, picture: Uint8Array): Promise<void> {
  const client = await loggedIn(url, username);
  const found = await downloaded(client, await storedId(client, 'picture.png', picture));
  if (Buffer.compare(found, picture) !== 0) throw new Error(`the picture of ${username} did not come back as it was`);
}
