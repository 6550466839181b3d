/**
 * Which lies are told in a run, and what became of them, counted by route and kind.
 */
import { type RouteName, routes } from '../../client-sdk/protocol/routes.js';
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

/** Routes about whose answers there is no lie: what they answer would be believed, and nobody would know. */
export function unmetRoutes(told: readonly Told[]): readonly string[] {
  const met = new Set<string>(told.flatMap(({ mutations }) => mutations.map(({ route }) => route)));
  return Object.keys(routes).filter((route) => !met.has(route));
}

/** One lie, and what it is told in. */
export interface Telling extends Omit<Told, 'name' | 'mutations'> {
  readonly mutation: Mutation;
}

/** The lies that must meet a check. */
interface Check {
  readonly route: RouteName;
  readonly at: RegExp;
  readonly kind: RegExp;
}

/** Lies of which at least one must meet each check of a client that nothing else stands in for, by the code of its refusal. */
export const checks: Readonly<Record<string, Check>> = {
  'realm-mismatch': { route: 'readServer', at: /^realm$/, kind: /^text extended$/ },
  // Of so many some are no numbers at all.
  'kdf-refused': { route: 'readLoginParameters', at: /log2N$/, kind: /^number changed$/ },
  'signature-invalid': { route: 'readAccount', at: /^identity\.signature$/, kind: /^hex flipped$/ },
  'sealed-invalid': { route: 'listImages', at: /entry$/, kind: /^sealed ciphertext flipped$/ },
  'integrity-failed': { route: 'fetchBlocks', at: /^$/, kind: /^cipher flipped$/ },
  'account-rolled-back': { route: 'listHeads', at: /^heads$/, kind: /^array with one dropped$/ },
};
/** Of each check. */
const liesPerCheck = 6;

/**
 * Each lie for itself, in an order by a seed: first those that must meet a check, then one about each route, one of each kind about each route, and
 * so on.
 */
export function tellingsOf(told: readonly Told[], seed: number): readonly Telling[] {
  const all = shuffledBy(seed, told.flatMap(({ scenario, honest, mutations }) => mutations.map((mutation) => ({ scenario, honest, mutation }))));
  const meeting = Object.values(checks).flatMap((check) => all.filter(({ mutation }) => isFor(check, mutation)).slice(0, liesPerCheck));
  const byKind = inTurn(all, ({ mutation: { route, lie } }) => `${route} ${lie.kind}`);
  const firsts = [...new Map([...byKind].reverse().map((telling) => [telling.mutation.route, telling])).values()];
  return [...new Set([...meeting, ...firsts, ...byKind])];
}

function isFor({ route, at, kind }: Check, { route: about, lie }: Pick<Mutation, 'route' | 'lie'>): boolean {
  return about === route && at.test(lie.at) && kind.test(lie.kind);
}

/** One of each group, then a second one of each, and so on. */
function inTurn<T>(items: readonly T[], groupOf: (item: T) => string): readonly T[] {
  const met = new Map<string, number>();
  const rounds: T[][] = [];
  for (const item of items) {
    const round = met.get(groupOf(item)) ?? 0;
    met.set(groupOf(item), round + 1);
    (rounds[round] ??= []).push(item);
  }
  return rounds.flat();
}

/** Tells them all. */
export async function tellAll(stage: HostileStage, tellings: Iterable<Telling>, onJudged: (judged: Judged) => void): Promise<void> {
  for (const { scenario, honest, mutation } of tellings) onJudged(await judged(stage, scenario, { honest, mutation }));
}

/** What became of the lies. */
export class MutationTable {
  readonly defects: string[] = [];
  count = 0;
  /** Lies that never took effect: they say nothing of the client. */
  notTold = 0;
  maxRequests = 0;
  readonly #rows = new Map<string, Map<string, number>>();
  readonly #codes = new Map<string, number>();
  /** Codes of the checks that a lie of theirs met. */
  readonly #met = new Set<string>();

  add({ mutation: { scenario, route, lie }, verdict, note, requests }: Judged): void {
    this.count++;
    this.maxRequests = Math.max(this.maxRequests, requests);
    for (const [table, name] of [['route', route], ['kind', lie.kind.replace(/^(sealed: ).*/, '$1from elsewhere')]] as const) {
      const row = this.#rows.get(`${table} ${name}`) ?? new Map<string, number>();
      this.#rows.set(`${table} ${name}`, row.set(verdict, (row.get(verdict) ?? 0) + 1));
    }
    if (verdict === 'not told') this.notTold++;
    if (verdict === 'refused') this.#codes.set(note, (this.#codes.get(note) ?? 0) + 1);
    if (verdict === 'refused' && checks[note] !== undefined && isFor(checks[note], { route, lie })) this.#met.add(note);
    if (defects.has(verdict)) this.defects.push(`${verdict}: ${scenario}, ${route}, ${lie.kind} at ${lie.at === '' ? 'the whole' : lie.at}: ${note}`);
  }

  /** Which of these checks, by their codes, no lie of theirs met. A lie about anything else that was refused with the same code says nothing of them. */
  missing(codes: Iterable<string>): readonly string[] {
    return [...codes].filter((code) => !this.#met.has(code));
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
