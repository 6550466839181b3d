/**
 * Whose equal images meet on the disk: all users of `open`, members of a group, nobody across `personal`. In short: test/integration.
 */
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { pngOf } from '../../bench/plain-images.js';
import { shareOfSecond } from '../support/meeting.js';
import { photograph } from '../support/sample-images.js';
import { temporaryDirectories } from '../support/temp-directory.js';

const temporary = temporaryDirectories();
const picture = pngOf(photograph(700, 500, 8));

describe('the second account’s equal image', () => {
  it.each(['open', 'group'] as const)('adds at most 3 %% to the disk after merging in %s', async (domain) => {
    expect(await shareOfSecond(path.join(await temporary(), 'data'), domain, picture)).toBeLessThanOrEqual(0.03);
  });

  it('adds all of it across personal domains', async () => {
    expect(await shareOfSecond(path.join(await temporary(), 'data'), 'personal', picture)).toBeGreaterThan(0.9);
  });
});
