/**
 * Where backups may lie, and where stores may come back to: apart from the store, in folders of their own, and of stores in data directories alone.
 */
import { mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { BackupOptions } from '../../server/cli/backup.js';
import { backUp, restoreTo } from '../support/backed-up.js';
import { type BackedUp, verbOfBackup, verbOfRestore } from '../support/backup-verbs.js';
import { serving, type Engines } from '../support/moved-store.js';
import { temporaryDirectories } from '../support/temp-directory.js';

const temporary = temporaryDirectories();
let folder: string;
let data: string;
let repository: string;

beforeAll(async () => {
  folder = await temporary();
  data = at('data');
  repository = at('repository');
  await serving({ dataDirectory: data }, () => Promise.resolve());
  await backUp(data, repository);
});

function at(...names: readonly string[]): string {
  return path.join(folder, ...names);
}

function backupVerb(options: Partial<BackupOptions> = {}, engines: Engines = {}): Promise<BackedUp> {
  return verbOfBackup({ folder: repository, ...options }, { directory: data, engines });
}

function restoreVerb(directory: string, environment: Readonly<Record<string, string>> = {}): Promise<number> {
  return verbOfRestore({ folder: repository, at: undefined }, { directory, environment });
}

describe('the folder of a backup', () => {
  it('is not inside the data directory, nor around it, links followed', async () => {
    await symlink(data, at('link'));
    for (const place of [at('data', 'backup'), data, folder, at('link', 'backup')]) {
      await expect(backupVerb({ folder: place })).rejects.toThrow(/must lie apart/);
    }
    await expect(stat(at('data', 'backup'))).rejects.toThrow('ENOENT');
    await expect(restoreVerb(path.join(repository, 'back'))).rejects.toThrow(/must lie apart/);
  });

  it('is empty, or has backups of this very store', async () => {
    await mkdir(at('letters'));
    await writeFile(at('letters', 'letter.txt'), 'x');
    await expect(backUp(data, at('letters'))).rejects.toThrow(/files that are not of a backup \(letter\.txt\)/);
    await serving({ dataDirectory: at('other') }, () => Promise.resolve());
    await expect(backUp(at('other'), repository)).rejects.toThrow(/another store/);
    await expect(restoreTo(at('letters'), at('never'))).rejects.toThrow(/holds no backup/);
    await expect(restoreTo(repository, at('letters'))).rejects.toThrow(/holds files \(letter\.txt\)/);
    await expect(restoreTo(repository, data)).rejects.toThrow(/holds a store/);
    await expect(stat(at('never'))).rejects.toThrow('ENOENT');
  });

  it('belongs to a store in a data directory: others are told what to use', async () => {
    await expect(backupVerb({}, { databaseUrl: 'postgres://dice:sesame@127.0.0.1:5432/dice' })).rejects.toThrow(/^(?!.*sesame).*PostgreSQL or in a bucket .*the database first/);
    await expect(restoreVerb(at('never'), { DICE_S3_BUCKET: 'images', DICE_S3_ACCESS_KEY_ID: 'a', DICE_S3_SECRET_ACCESS_KEY: 'b' })).rejects.toThrow(/in a bucket/);
    await expect(backupVerb({ keep: '0' })).rejects.toThrow(/--keep/);
    await expect(backUp(at('nothing'), at('new'))).rejects.toThrow(/holds no store/);
  });
});
