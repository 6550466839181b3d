/**
 * The process that makes a large library: `library-build.js DIRECTORY COUNT`. Registers over loopback, seals images with the SDK's
 * functions and brings them to the services of an open server without the network, so that the store is what clients would have made
 * of it: rules, hashes, packs, fsync and all. Three years pass meanwhile, by a moved clock.
 */
import { once } from 'node:events';
import { register } from '../client-sdk/credentials.js';
import { accountOf, type Connection } from '../client-sdk/connection.js';
import { ImageReads } from '../client-sdk/image-reads.js';
import { nodePlatform } from '../client-sdk/node/platform.js';
import { Transport } from '../client-sdk/transport.js';
import type { Frame } from '../client-sdk/protocol/frames.js';
import { composeServer, type RunningServer } from '../server/compose.js';
import { readConfig } from '../server/config.js';
import type { UploadName } from '../server/core/contract.js';
import { benchCredentials } from './library-account.js';
import { LibraryImages, type ReadyImage } from './library-images.js';
import { moveClock } from './moved-clock.js';

const spanMs = 3 * 365 * 86_400_000;
const perRound = 512;
const perCommit = 64;

const [directory = '', countText] = process.argv.slice(2);
const count = Number(countText);
const startedAt = Date.now();
moveClock(-spanMs);
const server = await composeServer(readConfig({ DICE_DATA_DIR: directory, PORT: '0', DICE_LOG_LEVEL: 'error', DICE_SWEEP_MINUTES: '0', DICE_SCRUB_DAYS: '0' }));
const connection = await connected(server.url);
try {
  await register(connection, benchCredentials, undefined);
  await fill(server, await LibraryImages.of(connection.platform, accountOf(connection)));
} finally {
  await connection.platform.close?.();
  await server.close();
}
if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain');

async function connected(serverUrl: string): Promise<Connection> {
  const platform = nodePlatform();
  const transport = new Transport(platform, serverUrl);
  return { platform, transport, reads: new ImageReads(transport), server: await transport.call('readServer', { body: undefined }), serverUrl, session: undefined };
}

async function fill({ services }: RunningServer, images: LibraryImages): Promise<void> {
  const { accountId } = accountOf(connection).record;
  for (let from = 0; from < count; from += perRound) {
    moveClock(Math.round((from / count - 1) * spanMs));
    const ready: ReadyImage[] = [];
    for (let number = from; number < Math.min(count, from + perRound); number++) ready.push(await images.make(number, Date.now()));
    const { uploadId } = await services.uploads.begin(accountId);
    await bring({ services }, { accountId, uploadId }, ready);
    await services.uploads.end({ accountId, uploadId });
    if (from % (20 * perRound) === 0) process.stderr.write(`${String(from + ready.length)} images in ${((performance.timeOrigin + performance.now() - startedAt) / 1000).toFixed(0)} s\n`);
  }
}

async function bring({ services }: Pick<RunningServer, 'services'>, upload: UploadName, ready: readonly ReadyImage[]): Promise<void> {
  await services.blocks.receive(upload, streamOf(ready.flatMap(({ frames }) => frames)));
  const commits = ready.map(({ commit }) => commit);
  const requests: Promise<readonly { readonly status: string }[]>[] = [];
  for (let at = 0; at < commits.length; at += perCommit) requests.push(services.uploads.commit(upload, commits.slice(at, at + perCommit)));
  for (const results of await Promise.all(requests)) {
    const refused = results.find(({ status }) => status !== 'stored');
    if (refused !== undefined) throw new Error(`an image of the bench was not stored: ${refused.status}`);
  }
}

async function* streamOf(frames: readonly Frame[]): AsyncGenerator<Frame> {
  yield* await Promise.resolve(frames);
}
