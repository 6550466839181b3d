/**
 * Which lies are told in a run, and what became of them, counted by route and kind.
 */
import type { Scenario } from './hostile-outcomes.js';
import { claiming, scenarios } from './hostile-scenarios.js';
import type { HostileStage } from './hostile-stage.js';
import { type Honest, honestRun, type Judged, judged, type Mutation, mutationsOf, type Verdict } from './mutations.js';

export const defects: ReadonlySet<Verdict> = new Set(['WRONG', 'UNTYPED', 'HANG', 'LEAK']);
/** These end in an error even where nobody lies. */
const endInError: ReadonlySet<string> = new Set(['check wrong words']);

/** A scenario, its honest run and its lies. */
export interface Told {
  readonly name: string;
  readonly scenario: Scenario;
  readonly honest: Honest;
  readonly mutations: readonly Mutation[];
}

/** All that can be told on a stage. */
export async function allLies(stage: HostileStage, existence: 'own' | 'shared'): Promise<readonly Told[]> {
  const told: Told[] = [];
  const all: Readonly<Record<string, Scenario>> = existence === 'own' ? scenarios : claiming;
  for (const [name, scenario] of Object.entries(all)) {
    const honest = await honestRun(stage, scenario);
    if (typeof honest.sure === 'string' && honest.sure.includes('-') && !endInError.has(name) && !/^person-\d+$/.test(honest.sure)) throw new Error(`${name} ended in ${honest.sure}, and nobody lied`);
    // What is not so where nobody lies could not be noticed where somebody does.
    if (JSON.stringify(honest.sure ?? null).includes('false')) throw new Error(`${name} came to ${JSON.stringify(honest.sure)}, and nobody lied`);
    told.push({ name, scenario, honest, mutations: mutationsOf(name, honest, stage.elsewhere) });
  }
  return told;
}

/** One lie, and what it is told in. */
export interface Telling extends Omit<Told, 'name' | 'mutations'> {
  readonly mutation: Mutation;
}

/** Each lie for itself, in an order by a seed. */
export function tellingsOf(told: readonly Told[], seed: number): readonly Telling[] {
  return shuffledBy(seed, told.flatMap(({ scenario, honest, mutations }) => mutations.map((mutation) => ({ scenario, honest, mutation }))));
}

/** A share of the lies: at least one of each kind about each route, and others up to `most`, by a seed. */
export function sampleOf(told: readonly Told[], most: number, seed: number): readonly Telling[] {
  const groups = new Map<string, Telling[]>();
  for (const telling of tellingsOf(told, seed)) {
    const key = `${telling.mutation.route} ${telling.mutation.lie.kind}`;
    groups.set(key, [...(groups.get(key) ?? []), telling]);
  }
  const ordered = shuffledBy(seed, [...groups.values()]);
  const chosen: Telling[] = [];
  for (let round = 0; chosen.length < most && ordered.some((group) => group.length > round); round++) {
    for (const group of ordered) if (group[round] !== undefined && chosen.length < most) chosen.push(group[round] as Telling); // just compared
  }
  return chosen;
}

/** Tells them all. */
export async function tellAll(stage: HostileStage, tellings: Iterable<Telling>, onJudged: (judged: Judged) => void): Promise<void> {
  for (const { scenario, honest, mutation } of tellings) onJudged(await judged(stage, scenario, { honest, mutation }));
}

/** What became of the lies. */
export class MutationTable {
  readonly defects: string[] = [];
  count = 0;
  maxRequests = 0;
  readonly #rows = new Map<string, Map<string, number>>();
  readonly #codes = new Map<string, number>();

  add({ mutation: { scenario, route, lie }, verdict, note, requests }: Judged): void {
    this.count++;
    this.maxRequests = Math.max(this.maxRequests, requests);
    for (const [table, name] of [['route', route], ['kind', lie.kind.replace(/^(sealed: ).*/, '$1from elsewhere')]] as const) {
      const row = this.#rows.get(`${table} ${name}`) ?? new Map<string, number>();
      this.#rows.set(`${table} ${name}`, row.set(verdict, (row.get(verdict) ?? 0) + 1));
    }
    if (verdict === 'refused') this.#codes.set(note, (this.#codes.get(note) ?? 0) + 1);
    if (defects.has(verdict)) this.defects.push(`${verdict}: ${scenario}, ${route}, ${lie.kind} at ${lie.at === '' ? 'the whole' : lie.at}: ${note}`);
  }

  /** One line for each route, kind and code. */
  text(): string {
    const lines = [...this.#rows].map(([name, row]) => `${name.padEnd(48)} ${[...row].map(([verdict, count]) => `${verdict} ${String(count)}`).join(', ')}`).sort();
    const codes = [...this.#codes].sort(([, a], [, b]) => b - a).map(([code, count]) => `code ${code} ${String(count)}`);
    return [...lines, ...codes, `${String(this.count)} lies, at most ${String(this.maxRequests)} requests in one run, ${String(this.defects.length)} defects`].join('\n');
  }
}

/** Fisher and Yates over a linear congruence. */
function shuffledBy<T>(seed: number, items: readonly T[]): readonly T[] {
  const shuffled = [...items];
  let state = seed;
  for (let i = shuffled.length - 1; i > 0; i--) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const j = Math.floor((state / 2 ** 32) * (i + 1));
    [shuffled[i], shuffled[j]] = [shuffled[j] as T, shuffled[i] as T]; // both are within
  }
  return shuffled;
}
