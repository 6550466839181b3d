/**
 * Whether a user name exists cannot be told by the time that an answer takes, in short: few pairs, which show a delay of a fifth of an answer and no
 * smaller one, and bounds as wide. A twentieth, in thousands of pairs: test/long/login-timing.test.ts.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NameBench } from '../support/name-bench.js';
import { areaOf, isDelayFound, isToldApart, separationOf } from '../support/oracle-statistics.js';

const planted = 0.2;
/** On the bounds of 0.45 and 0.55 for areas, and of 2.5 % for a shift. */
const slack = 0.08;
/** What disturbs a machine disturbs one of these. */
const tries = 2;
let bench: NameBench;

beforeAll(async () => {
  bench = await NameBench.open();
});
afterAll(() => bench.close());

describe('the time of an answer', () => {
  it.each([['login', 300], ['recovery', 200], ['parameters', 200]] as const)('to %s is the same for known and unknown names, as far as %i pairs tell', async (name, pairs) => {
    const separation = separationOf(await bench.measure(name, { pairs, tries }));
    expect([isToldApart(separation, slack), separation]).toEqual([false, separation]);
  });

  it('gives away a delay of a fifth of an answer, as what it is', async () => {
    const separation = separationOf(await bench.measure('login', { pairs: 200, tries, planted }));
    expect([isToldApart(separation, slack), isDelayFound(separation, planted), separation]).toEqual([true, true, separation]);
  });
});

describe('the area under the curve', () => {
  it('is one half for equal times, one and zero for those that are apart', () => {
    const [early, late] = [[1, 2, 3, 4], [5, 6, 7, 8]];
    expect([areaOf({ foreign: late, absent: early }).area, areaOf({ foreign: early, absent: late }).area, areaOf({ foreign: [1, 4], absent: [2, 3] }).area]).toEqual([1, 0, 0.5]);
  });
});
