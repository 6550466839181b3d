/**
 * Formats of which the stores of releases have nothing yet, as earlier code wrote them: account heads, a second factor, parity beside packs, a repository of backups.
 * test/fixtures/formats has them.
 */
import { hash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { DiceClient } from '../../client-sdk/api.js';
import { nodeProvider } from '../../client-sdk/node/node-provider.js';
import { openRepository } from '../../server/backup/repository.js';
import { verifyRepository } from '../../server/backup/verify-repository.js';
import { checkParity, parityFigures } from '../../server/core/parity.js';
import { codeAt } from '../support/authenticator.js';
import { checked, opened, restoreTo } from '../support/backed-up.js';
import { serving } from '../support/moved-store.js';
import { clientOf, codeOf, downloaded } from '../support/sdk-client.js';
import { fixturePassword, type FixtureImage, type FormatFixture, formatsFolder, unpackFixture } from '../support/stored-fixture.js';
import { temporaryDirectories } from '../support/temp-directory.js';

const temporary = temporaryDirectories();
const names = readdirSync(formatsFolder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));

async function imagesOf(client: DiceClient): Promise<readonly FixtureImage[]> {
  const images: FixtureImage[] = [];
  for await (const { id, name } of client.list()) images.push({ name, sha256: hash('sha256', await downloaded(client, id), 'hex') });
  return images;
}

/** What ada sees, who needs a code to log in; her head names what she has. */
function expectSeen(dataDirectory: string, { secret, accounts: [ada], removed, point }: FormatFixture): Promise<void> {
  return serving({ dataDirectory }, async ({ url }) => {
    const client = await clientOf(url, { platform: { crypto: nodeProvider } });
    const login = { username: 'ada', password: fixturePassword };
    expect(await codeOf(client.login(login))).toBe('second-factor-required');
    const at = Date.now();
    if (at < madeAt(point)) throw new Error('The clock of this machine is before the last code that the fixture has used: no code would be taken.');
    await client.login({ ...login, code: codeAt(secret, at) });
    expect(await imagesOf(client)).toEqual(ada?.images);
    expect(await client.head()).toMatchObject({ leaves: (ada?.images.length ?? 0) + removed.length });
  });
}

/** When a step after that of its backup begins: its factor was confirmed before. */
function madeAt(point: string): number {
  const moment = point.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z$/, '$1-$2-$3T$4:$5:$6.$7Z');
  return Date.parse(moment) + 30_000;
}

const countOf = ({ accounts }: FormatFixture): number => accounts.reduce((sum, { images }) => sum + images.length, 0);

it('there are fixtures', () => {
  expect(names).toContain('0.1.0-10');
});

describe.each(names)('formats as of %s', (name) => {
  let tree: string;
  let fixture: FormatFixture;
  beforeAll(async () => {
    tree = path.join(await temporary(), 'tree');
    fixture = await unpackFixture<FormatFixture>(path.join(formatsFolder, name), tree);
  });

  it('a store with parity beside its packs is sound, and its parity too', async () => {
    expect(await checked(path.join(tree, 'data'))).toMatchObject({ findings: 0, damage: [], parity: [], images: countOf(fixture) });
    await opened(path.join(tree, 'data'), async ({ parts: { stores } }) => {
      expect((await parityFigures(stores)).withParity).toBeGreaterThan(0);
      expect(await checkParity(stores)).toEqual([]);
    });
  });

  it('who has a second factor logs in with a code, and with it alone; the head of the account fits', async () => {
    await expectSeen(path.join(tree, 'data'), fixture);
  });

  it('a repository of backups verifies, and gives back the store', async () => {
    const { repository } = await openRepository(path.join(tree, 'backup'));
    const { points, rotten } = await verifyRepository(repository, new AbortController().signal, () => undefined);
    expect([points, rotten]).toEqual([1, []]);
    const restored = path.join(tree, 'restored');
    expect(await restoreTo(path.join(tree, 'backup'), restored)).toBe(fixture.point);
    expect(await checked(restored)).toMatchObject({ findings: 0, damage: [], images: countOf(fixture) });
  });
});
