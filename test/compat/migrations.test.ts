/**
 * A store whose index stands at each earlier migration, opened by the code of today: brought forward, every row found, derived tables as if they had been kept from
 * the first day, and nothing for `check` to find.
 */
import { cp, rm } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import Sqlite from 'better-sqlite3';
import { checked, opened } from '../support/backed-up.js';
import { makeEarlierIndex, migrationNames } from '../support/earlier-schema.js';
import { fixturesFolder, unpackFixture, type Fixture } from '../support/stored-fixture.js';
import { temporaryDirectories } from '../support/temp-directory.js';

const makeDirectory = temporaryDirectories();
let folder: string;
let latest: string;
let fixture: Fixture;

beforeAll(async () => {
  folder = await makeDirectory();
  latest = path.join(folder, 'latest');
  fixture = await unpackFixture(path.join(fixturesFolder, '0.1.0'), latest);
  // Brought to the schema of today first: what is compared is the same in all.
  await opened(latest, () => Promise.resolve());
});

/** What an index derives of itself, and all that names a block. */
function derivedIn(data: string, withImages: boolean): readonly unknown[] {
  const index = new Sqlite(path.join(data, 'dice.db'), { readonly: true });
  try {
    return [
      'SELECT t1, tag FROM old_key UNION ALL SELECT t1, tag FROM young_key ORDER BY t1, tag',
      'SELECT substr(t1, 1, 6) AS t1, id AS tag FROM tag ORDER BY 1, 2',
      'SELECT * FROM pack_use WHERE kind = 0 ORDER BY pack',
      ...(withImages ? ['SELECT * FROM pack_use ORDER BY pack, kind', 'SELECT * FROM usage_day ORDER BY owner, day', 'SELECT id, images, trashed_images FROM owner ORDER BY id'] : []),
    ].map((sql) => index.prepare(sql).all());
  } finally {
    index.close();
  }
}

describe.each(migrationNames().map((name, index): readonly [number, string] => [index + 1, name]))('an index after migration %d (%s)', (count) => {
  it('is brought forward and is whole', async () => {
    const data = path.join(folder, `step-${String(count)}`);
    await cp(latest, data, { recursive: true });
    await rm(path.join(data, 'dice.db'));
    makeEarlierIndex(path.join(data, 'dice.db'), { later: path.join(latest, 'dice.db'), count, folder: path.join(folder, `migrations-${String(count)}`) });
    // Images came with the second migration, accounts and the state of the store with the third.
    const images = count < 2 ? 0 : fixture.accounts.reduce((sum, account) => sum + account.images.length + account.trash.length, 0);
    expect(await checked(data)).toMatchObject({ findings: 0, damage: [], images, accounts: count < 3 ? 0 : fixture.accounts.length });
    expect(derivedIn(data, count >= 2)).toEqual(derivedIn(latest, count >= 2));
    const [keys, keysOfTags] = derivedIn(data, false) as readonly (readonly unknown[])[]; // one list for each question
    expect(keys).toEqual(keysOfTags);
    expect(keys?.length).toBeGreaterThan(50);
  });
});
