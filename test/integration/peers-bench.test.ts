/**
 * The comparison with other tools as a command that comes to nothing: it says why in a sentence, or ends with 130 on an interrupt, and leaves nothing behind. Whole
 * comparisons: test/long.
 */
import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { runBench } from '../support/bench-run.js';
import { stubTools } from '../support/stub-tools.js';
import { temporaryDirectories } from '../support/temp-directory.js';

const makeDirectory = temporaryDirectories();
let folder: string;

beforeAll(async () => {
  folder = await makeDirectory();
  await writeFile(path.join(folder, 'words.txt'), 'few words');
});

describe('the comparison', () => {
  it('ends with 130 on an interrupt, and leaves nothing behind', async () => {
    const temporary = await makeDirectory();
    const { status, stdout, stderr } = await runBench('peers/peers', [folder, '--tool', 'restic'], { temporary, interruptAt: 'first store', search: await stubTools(await makeDirectory()) });
    expect({ status, stdout, stderr }).toEqual({ status: 130, stdout: '', stderr: expect.not.stringContaining('verify') });
    expect(stderr).toContain('first store');
    expect([await readdir(temporary), await readdir(folder)]).toEqual([[], ['words.txt']]);
  });

  it('refuses a folder that is none with a sentence', async () => {
    const { status, stderr } = await runBench('peers/peers', ['/nowhere-at-all', '--tool', 'restic'], { temporary: await makeDirectory(), search: await stubTools(await makeDirectory()) });
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining('/nowhere-at-all is no folder') });
  });

  it('names a tool that is not installed', async () => {
    const { status, stderr } = await runBench('peers/peers', [folder, '--tool', 'borg'], { temporary: await makeDirectory(), search: await makeDirectory() });
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining('borg is not installed, and borg cannot be measured without it') });
  });
});
