/**
 * Under existence = own nobody learns from the server whether others have a block: not by what it answers, and not by when. In short; with
 * more pairs, all operations and half of the delay in test/long. server/THREATS.md, *The existence oracle*.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { probeOf, questions, wholeLife } from '../support/oracle-prober.js';
import { areaOf, furthest, isDelayFound, separationOf } from '../support/oracle-statistics.js';
import { tracesAt } from '../support/oracle-trace.js';
import { OracleBench } from '../support/oracle-trials.js';
import { notFound, toldApart, verdictsOf } from '../support/oracle-verdict.js';

let bench: OracleBench;

beforeAll(async () => {
  bench = await OracleBench.open();
});
afterAll(() => bench.close());

describe('under own, blocks that others have and blocks that nobody has', () => {
  it('get equal answers in everything that a client may do: status, headers, bytes, figures', async () => {
    const { foreign, absent } = await tracesAt(bench);
    expect(foreign).toEqual(absent);
    expect(foreign).toHaveLength(3 * wholeLife.length);
  });

  it('take equal times to be asked for and sent, in 1,000 and 200 pairs', async () => {
    const asked = await bench.run({ pairs: 1_000, vector: 16, each: ['ask'], tries: 2 });
    const sent = await bench.run({ pairs: 200, vector: 32, each: ['send'] });
    expect([...toldApart(verdictsOf(asked), 0.02), ...toldApart(verdictsOf(sent), 0.08)]).toEqual([]);
  });

  it('would be told apart if foreign ones took a tenth longer: as much is found', async () => {
    expect(notFound(verdictsOf(await bench.run({ pairs: 500, vector: 32, each: ['ask'], tries: 3, planted: 0.1 })), 0.1)).toEqual([]);
  });
});

describe('under shared', () => {
  it('the answer itself tells that somebody has a block, which is what the mode is', async () => {
    const shared = await OracleBench.open('shared');
    const [vectors] = await shared.vectors(1, 5);
    const prober = await shared.prober();
    const states = async (blocks = vectors?.foreign): Promise<unknown> => {
      const answer = await prober.call(questions.ask(probeOf(blocks ?? [], { uploadId: await prober.begin(), ownImageId: '' })));
      return (JSON.parse(answer.body.toString()) as { states: unknown }).states;
    };
    expect(await states()).not.toEqual(await states(vectors?.absent));
    const { foreign, absent } = await tracesAt(shared);
    expect(foreign).not.toEqual(absent);
    prober.close();
    await shared.close();
  });
});

describe('the statistics', () => {
  it('are one half for figures alike, one for those that are apart, and see through what slows both', () => {
    expect(areaOf({ foreign: [1, 4], absent: [2, 3] }).area).toBe(0.5);
    expect(areaOf({ foreign: [5, 6], absent: [1, 2] }).area).toBe(1);
    const slow = Array.from({ length: 400 }, (_, i) => 1 + Math.floor(i / 40) + ((i * 7919) % 13) / 1_000);
    const separation = separationOf({ foreign: slow.map((ms) => 1.05 * ms), absent: slow });
    expect(separation.plain.area).toBeLessThan(0.6);
    expect(furthest(separation)).toBeGreaterThan(0.9);
    expect(separation.shift).toBeCloseTo(0.05, 2);
    expect([0.05, 0.12, 0.02].map((planted) => isDelayFound(separation, planted))).toEqual([true, false, false]);
  });

  it('take a delay of the wrong sign, or one that is not certain, for none', () => {
    const usual = Array.from({ length: 400 }, (_, i) => 1 + ((i * 7919) % 13) / 1_000);
    const found = (foreign: readonly number[]): boolean => isDelayFound(separationOf({ foreign, absent: usual }), 0.05);
    expect(found(usual.map((ms) => 1.05 * ms))).toBe(true);
    expect(found(usual.map((ms) => 0.95 * ms))).toBe(false);
    // As much slower in the middle, but half of all are far off to either side.
    expect(found(usual.map((ms, i) => ms * ([0.3, 1.05, 3][i % 3] ?? 1)))).toBe(false);
  });
});
