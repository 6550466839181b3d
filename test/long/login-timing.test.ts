/**
 * Whether a user name exists cannot be told by the time that an answer takes, in full: everything that anybody may ask about a name, over thousands of pairs, by the
 * same attackers as the existence oracle's; a delay of a twentieth is found as what it is. LOGIN_PAIRS bounds it (default 5,000). It prints its figures.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NameBench, type NameQuestion, nameQuestions } from '../support/name-bench.js';
import { isDelayFound, isToldApart, type Separation, separationOf } from '../support/oracle-statistics.js';
import { textOf } from '../support/oracle-verdict.js';

const pairs = Number(process.env['LOGIN_PAIRS'] ?? 5_000);
const fullPairs = 5_000;
/** Bounds are those of the full count; a smaller one is for a look at whether it works, and then the planted delay grows as the intervals do. */
const slack = pairs < fullPairs ? 1.3 / Math.sqrt(pairs) : 0;
const planted = 0.05 * Math.sqrt(Math.max(1, fullPairs / pairs));
const hour = 3_600_000;
// Keys of the object.
const names = Object.keys(nameQuestions) as readonly NameQuestion[];
let bench: NameBench;

beforeAll(async () => {
  bench = await NameBench.open();
});
afterAll(() => bench.close());

async function separation(name: NameQuestion, delay = 0): Promise<Separation> {
  const found = separationOf(await bench.measure(name, { pairs, planted: delay }));
  process.stdout.write(`${name}, ${String(pairs)} pairs, ${(100 * delay).toFixed(0)} % planted: ${textOf(found)}\n`);
  return found;
}

describe('the time of an answer about a name', () => {
  it.each(names)('to %s is the same for known and unknown ones', async (name) => {
    expect(isToldApart(await separation(name), slack)).toBe(false);
  }, hour);

  it.each(names)('to %s would not be, if known ones took a twentieth longer', async (name) => {
    expect(isDelayFound(await separation(name, planted), planted)).toBe(true);
  }, hour);
});
