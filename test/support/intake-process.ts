/**
 * A process that stores images of small blocks into a data directory until it is killed, and prints the id of each once it was
 * acknowledged. Called as `intake-process.js DIRECTORY ACCOUNT BLOCKS`: ACCOUNT is a name of its own for each life.
 */
import type { ImageId } from '../../client-sdk/protocol/ids.js';
import { openStore } from '../../server/open-store.js';
import { defaultPolicy } from '../../server/core/services.js';
import { blocksOf, commitOf, framesOf, hereAndTrusted, randomId, registrationOf } from './core-store.js';

const [directory = '', username = '', blocksText] = process.argv.slice(2);
const policy = { ...defaultPolicy, signup: 'open' as const };
const store = await openStore({ directory, policy, purpose: { kind: 'serve', realm: 'localhost', isSharedConfirmed: false } });
const { accounts, blocks, uploads } = store.services;
const registration = registrationOf(username);
await accounts.register(registration, hereAndTrusted);
const { accountId } = registration;
const { uploadId } = await uploads.begin(accountId);
for (;;) {
  const made = blocksOf(Number(blocksText), 40);
  const imageId = randomId<ImageId>();
  await blocks.receive({ accountId, uploadId }, framesOf(made));
  const [result] = await uploads.commit({ accountId, uploadId }, [commitOf(imageId, made)]);
  process.stdout.write(`${result?.status ?? 'unknown'} ${accountId} ${imageId}\n`);
}
