/**
 * Whose equal images meet on the disk: all users of `open`, nobody across `personal`. Groups, and larger pictures: test/long.
 */
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { pngOf } from '../../bench/plain-images.js';
import { shareOfSecond } from '../support/meeting.js';
import { photograph } from '../support/sample-images.js';
import { temporaryDirectories } from '../support/temp-directory.js';

const temporary = temporaryDirectories();
const picture = pngOf(photograph(300, 240, 8));

describe('the second account’s equal image', () => {
  it('adds little to the disk after merging in open', async () => {
    expect(await shareOfSecond(path.join(await temporary(), 'data'), 'open', picture)).toBeLessThanOrEqual(0.06);
  });

  it('adds all of it across personal domains', async () => {
    expect(await shareOfSecond(path.join(await temporary(), 'data'), 'personal', picture)).toBeGreaterThan(0.9);
  });
});
