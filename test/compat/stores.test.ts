/**
 * Stores that earlier releases made, opened by the code of today: brought to its schema, whole, and every image as it was. test/fixtures/stores has them.
 */
import { hash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { DiceClient } from '../../client-sdk/api.js';
import { nodeProvider } from '../../client-sdk/node/node-provider.js';
import { rebuildStore } from '../../server/core/rebuild.js';
import { openStore } from '../../server/open-store.js';
import { defaultPolicy } from '../../server/core/services.js';
import { backUp, checked, restoreTo } from '../support/backed-up.js';
import { serving } from '../support/moved-store.js';
import { clientOf, downloaded } from '../support/sdk-client.js';
import { fixtureFolders, fixturePassword, unpackFixture, type Fixture, type FixtureAccount, type FixtureImage } from '../support/stored-fixture.js';
import { temporaryDirectories } from '../support/temp-directory.js';

const makeDirectory = temporaryDirectories();
const folders = await fixtureFolders();

async function imagesOf(client: DiceClient, isTrash: boolean): Promise<readonly FixtureImage[]> {
  const images: FixtureImage[] = [];
  for await (const { id, name } of client.list({ trash: isTrash })) images.push({ name, sha256: hash('sha256', await downloaded(client, id), 'hex') });
  return images;
}

/** What people see who log in with their passwords. */
function seenIn(data: string, { accounts }: Fixture): Promise<readonly FixtureAccount[]> {
  return serving({ dataDirectory: data }, async ({ url }) => {
    const seen: FixtureAccount[] = [];
    for (const { username } of accounts) {
      const client = await clientOf(url, { platform: { crypto: nodeProvider } });
      await client.login({ username, password: fixturePassword });
      seen.push({ username, images: await imagesOf(client, false), trash: await imagesOf(client, true) });
    }
    return seen;
  });
}

it('there is a store of every release, and of the one that is being made', async () => {
  const root = new URL('../../../', import.meta.url);
  const { version } = JSON.parse(await readFile(new URL('package.json', root), 'utf8')) as { readonly version: string };
  const releases = releasesIn(await readFile(new URL('CHANGELOG.md', root), 'utf8'));
  const names = folders.map((folder) => path.basename(folder));
  expect([version, ...releases].filter((release) => !names.includes(release))).toEqual([]);
});

it('a release is told by its heading', () => {
  expect(releasesIn('# Changelog\n\n## Unreleased\n\n## 1.10.0 (2027-01-02)\n\n### 7.7.7\n\n## v0.2.0\n## [0.1.0]\n')).toEqual(['1.10.0', '0.2.0', '0.1.0']);
});

/** Versions that the changelog has a section of. */
function releasesIn(changelog: string): readonly string[] {
  return [...changelog.matchAll(/^## \[?v?(\d+\.\d+\.\d+)/gm)].map(([, version]) => version ?? '');
}

describe.each(folders.map((folder) => [path.basename(folder), folder]))('a store of release %s', (_release, folder) => {
  let data: string;
  let fixture: Fixture;

  beforeAll(async () => {
    data = path.join(await makeDirectory(), 'data');
    fixture = await unpackFixture(folder, data);
  });

  it('opens, and every image of every account comes back bit for bit; what was removed does not', async () => {
    expect(fixture.accounts.flatMap(({ images }) => images).length).toBeGreaterThan(30);
    const seen = await seenIn(data, fixture);
    expect(seen).toEqual(fixture.accounts);
    const names = seen.flatMap(({ images, trash }) => [...images, ...trash]).map(({ name }) => name);
    expect(names.filter((name) => fixture.removed.includes(name))).toEqual([]);
  });

  it('is whole, and so is what is restored from a backup of it', async () => {
    const images = fixture.accounts.reduce((sum, account) => sum + account.images.length + account.trash.length, 0);
    expect(await checked(data)).toMatchObject({ findings: 0, damage: [], images, accounts: fixture.accounts.length });
    const folderOf = await makeDirectory();
    await backUp(data, path.join(folderOf, 'backup'));
    await restoreTo(path.join(folderOf, 'backup'), path.join(folderOf, 'restored'));
    expect(await checked(path.join(folderOf, 'restored'))).toMatchObject({ findings: 0, damage: [], images });
  });

  it('has its index made anew from its packs', async () => {
    await rm(path.join(data, 'dice.db'));
    const store = await openStore({ directory: data, policy: defaultPolicy, purpose: { kind: 'rebuild', isAnew: false } });
    const images = fixture.accounts.reduce((sum, account) => sum + account.images.length + account.trash.length, 0);
    try {
      expect(await rebuildStore(store.parts)).toMatchObject({ incomplete: [], displaced: [], images, accounts: fixture.accounts.length });
    } finally {
      await store.close();
    }
    expect(await checked(data)).toMatchObject({ findings: 0, images });
  });
});
