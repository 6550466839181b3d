/**
 * The report's figures as what its charts show: the chain and its steps, growth by image and by day. What is known exactly and what is
 * only estimated are kept apart. Pure.
 */
import type { AccountFigures } from '../../../client-sdk/browser/page.js';

/** A step from the files to what is stored; negative: it saves. `leaves` is what is left after it. */
export interface ChainStep {
  readonly name: string;
  readonly change: number;
  readonly leaves: number;
}

/** The names of the causes, as people read them. */
export const causeNames: Readonly<Record<string, string>> = {
  equalFiles: 'Equal files', coding: 'Better coding', equalBlocks: 'Equal blocks', records: 'Manifests and entries', previews: 'Previews', recordHeaders: 'Record headers',
};

/** From all files to the stored bytes, one step for each cause; the last one leaves the figure storedBytes. */
export function chainOf(report: Pick<AccountFigures, 'figures' | 'causes'>): readonly ChainStep[] {
  let leaves = report.figures.find(({ name }) => name === 'logicalBytes')?.value ?? 0;
  const steps: ChainStep[] = [{ name: 'All files', change: 0, leaves }];
  for (const { name, value } of report.causes) {
    leaves -= value;
    steps.push({ name: causeNames[name] ?? name, change: -value, leaves });
  }
  return steps;
}

/** Sums after so many images; `isExact`: ciphers as counted, else estimated. */
export interface GrowthPoint {
  readonly images: number;
  readonly day: string;
  readonly logicalBytes: number;
  readonly codedBytes: number;
  readonly sentBytes: number;
  readonly cipherBytes: number;
  readonly isExact: boolean;
}

type GrowthRow = AccountFigures['growth'][number];

/**
 * Growth from nothing, with at most about `max` points; every day's end is kept as long as there are fewer of them. Within a day the ciphers
 * of different blocks are shared out by what each upload sent: an estimate.
 */
export function growthPoints(growth: readonly GrowthRow[], max: number): readonly GrowthPoint[] {
  const points: GrowthPoint[] = [{ images: 0, day: growth[0]?.day ?? '', logicalBytes: 0, codedBytes: 0, sentBytes: 0, cipherBytes: 0, isExact: true }];
  let start = 0;
  for (const [i, row] of growth.entries()) {
    const { cipherBytes } = row;
    if (cipherBytes === undefined && i < growth.length - 1) continue;
    points.push(...dayPoints(growth.slice(start, i + 1), { before: points.at(-1), end: cipherBytes }));
    start = i + 1;
  }
  return thinned(points, max);
}

function dayPoints(rows: readonly GrowthRow[], { before, end }: { readonly before: GrowthPoint | undefined; readonly end: number | undefined }): readonly GrowthPoint[] {
  const [sentBefore, ciphersBefore] = [before?.sentBytes ?? 0, before?.cipherBytes ?? 0];
  const sent = (rows.at(-1)?.sentBytes ?? 0) - sentBefore;
  const grown = Math.max(0, (end ?? ciphersBefore) - ciphersBefore);
  return rows.map((row): GrowthPoint => {
    const share = sent === 0 ? 1 : (row.sentBytes - sentBefore) / sent;
    return { ...row, cipherBytes: row.cipherBytes ?? ciphersBefore + Math.round(grown * share), isExact: row.cipherBytes !== undefined };
  });
}

function thinned(points: readonly GrowthPoint[], max: number): readonly GrowthPoint[] {
  if (points.length <= max) return points;
  const exact = points.filter(({ isExact }) => isExact).length;
  const stride = Math.ceil(points.length / max);
  return points.filter(({ isExact }, i) => i === 0 || i === points.length - 1 || i % stride === 0 || (isExact && exact <= max));
}

/** Sums at the end of a day (UTC), and of the days without an upload between two. */
export interface DayPoint {
  readonly day: string;
  /** Days since 1970. */
  readonly at: number;
  readonly images: number;
  readonly logicalBytes: number;
  readonly cipherBytes: number;
}

const dayMs = 86_400_000;

/** Day by day, from the day before the first upload; a day before each later one, so that a pause is drawn as a pause. */
export function storageByDay(days: AccountFigures['days']): readonly DayPoint[] {
  const points: DayPoint[] = [];
  let [images, logicalBytes, cipherBytes] = [0, 0, 0];
  const add = (at: number): void => { points.push({ day: new Date(at * dayMs).toISOString().slice(0, 10), at, images, logicalBytes, cipherBytes }); };
  for (const row of days) {
    if (row.images === 0 && row.newCipherBytes === 0) continue;
    const at = Math.round(Date.parse(`${row.day}T00:00:00Z`) / dayMs);
    if (points.at(-1)?.at !== at - 1) add(at - 1);
    images += row.images;
    logicalBytes += row.logicalBytes;
    cipherBytes += row.newCipherBytes;
    add(at);
  }
  return points;
}
