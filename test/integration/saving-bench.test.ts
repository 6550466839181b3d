/**
 * The saving bench over a real server and the real command, interrupted: it ends as it should and leaves nothing behind. Its figures: test/long; its sums without a
 * store: test/unit.
 */
import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from '@jest/globals';
import { runBench } from '../support/bench-run.js';
import { writePng } from '../support/png-writer.js';
import { temporaryDirectories } from '../support/temp-directory.js';
import { shaded } from '../support/test-picture.js';

const makeDirectory = temporaryDirectories();

it('ends with 130 on an interrupt during an upload, and leaves nothing behind', async () => {
  const [folder, temporary] = [await makeDirectory(), await makeDirectory()];
  await writeFile(path.join(folder, 'one.png'), writePng(shaded(60, 50, { seed: 1 })));
  const { status, stderr } = await runBench('saving', ['--no-others', folder], { temporary, interruptAt: 'dice upload of all' });
  expect({ status, stderr }).toEqual({ status: 130, stderr: expect.not.stringContaining('download') });
  expect(stderr).toContain('dice upload of all');
  expect(await readdir(temporary)).toEqual([]);
});
