/**
 * Tells lies to a client one by one, and judges what it makes of each: refused with a code, of no meaning, the server's own word, an
 * old or incomplete state that nobody can notice yet (known-open.ts), or wrong. SPEC.md sections 7 to 9.
 */
import { inspect, isDeepStrictEqual } from 'node:util';
import { DiceError } from '../../client-sdk/core/errors.js';
import { base64Of } from '../../client-sdk/protocol/bytes.js';
import type { BlockFrame } from '../../client-sdk/protocol/frames.js';
import { type Route, type RouteName, routes } from '../../client-sdk/protocol/routes.js';
import { answerLies, octetLies } from './answer-lies.js';
import type { Scenario, Stage } from './hostile-outcomes.js';
import { liedAboutThere } from './hostile-scenarios.js';
import { jsonLies, type OtherAnswer } from './json-lies.js';
import { isOpenLie, isOwnWord } from './known-open.js';
import type { Lie } from './lie.js';
import type { Exchange } from './lying-network.js';
import { secretIn } from './secret-search.js';
import { streamLies } from './stream-lies.js';

/** A lie at its place in a scenario. */
export interface Mutation {
  readonly scenario: string;
  readonly route: RouteName;
  readonly from: number;
  readonly lie: Lie;
}

/** What became of it. The last four are defects. */
export type Verdict = 'refused' | 'no meaning' | 'own word' | 'known open' | 'not told' | 'WRONG' | 'UNTYPED' | 'HANG' | 'LEAK';

export interface Judged {
  readonly mutation: Mutation;
  readonly verdict: Verdict;
  /** Code of the error, or what is wrong. */
  readonly note: string;
  readonly requests: number;
}

/** What is there to be put in place of something else. */
export interface Elsewhere {
  readonly foreign: BlockFrame;
  /** Sealed objects of all purposes, by what they are. */
  readonly sealed: ReadonlyMap<string, Uint8Array>;
  /** Answers of the same route about other things. */
  readonly others: Readonly<Partial<Record<RouteName, readonly OtherAnswer[]>>>;
}

/** An honest run. */
export interface Honest {
  readonly exchanges: readonly Exchange[];
  readonly sure: unknown;
  readonly word: unknown;
}

const maxMs = 20_000;
/** Answers of a route that are lied about, of one run. */
const answersPerRoute = 2;

/** Runs a scenario with an honest server. */
export async function honestRun(stage: Stage, scenario: Scenario): Promise<Honest> {
  const { network } = stage.world;
  network.reset(undefined);
  const act = await scenario(stage);
  network.reset(undefined);
  try {
    const outcome = await act();
    const exchanges = [...network.exchanges];
    return { exchanges, sure: await outcome.sure(), word: outcome.word };
  } catch (thrown) {
    // Some scenarios end in an error, and must end in it whatever is said.
    return { exchanges: network.exchanges, sure: codeOf(thrown), word: undefined };
  }
}

/** Every lie about every answer of an honest run. */
export function mutationsOf(scenario: string, { exchanges }: Honest, elsewhere: Elsewhere): readonly Mutation[] {
  const met = new Map<RouteName, number>();
  const mutations: Mutation[] = [];
  for (const { sent: { route }, answer } of exchanges) {
    const from = route === undefined ? answersPerRoute : (met.get(route) ?? 0);
    if (route === undefined || from >= answersPerRoute) continue;
    met.set(route, from + 1);
    if (liedAboutThere[scenario]?.includes(route) === false) continue;
    const common = from === 0 ? answerLies() : [];
    mutations.push(...[...common, ...liesAbout(route, answer.body, elsewhere)].map((lie) => ({ scenario, route, from, lie })));
  }
  return mutations;
}

function liesAbout(name: RouteName, body: Uint8Array, { foreign, sealed, others }: Elsewhere): readonly Lie[] {
  const { response }: Route = routes[name];
  if (response === undefined) return [];
  if (response === 'frames') return streamLies(body, foreign);
  if (response === 'octets') return octetLies(body, [...sealed]);
  const blobs = [...sealed].map(([whose, bytes]) => ({ whose, json: base64Of(bytes) }));
  return jsonLies(JSON.parse(Buffer.from(body).toString()), others[name] ?? [], blobs);
}

/** Tells one lie. */
export async function judged(stage: Stage, scenario: Scenario, { honest, mutation }: { readonly honest: Honest; readonly mutation: Mutation }): Promise<Judged> {
  const { network, witness } = stage.world;
  network.reset(undefined);
  witness.forget();
  const act = await scenario(stage);
  network.reset(mutation);
  const ended = await inTime(act);
  const { exchanges, lies, isOverrun } = network;
  network.reset(undefined);
  const judge = (verdict: Verdict, note: string): Judged => ({ mutation, verdict, note, requests: exchanges.length });
  if (isOverrun) return judge('HANG', `it asked ${String(exchanges.length)} times`);
  const leak = leaked(stage, exchanges);
  if (leak !== undefined) return judge('LEAK', leak);
  if (lies === 0) return judge('not told', '');
  if (ended.kind === 'late') return judge('HANG', 'it did not end');
  if (ended.kind === 'thrown') return ofError(ended.thrown, { honest, mutation, judge });
  return ofResult({ honest, mutation, judge }, { sure: await sureOf(ended.outcome.sure), word: ended.outcome.word });
}

type Judge = (verdict: Verdict, note: string) => Judged;
interface Case {
  readonly honest: Honest;
  readonly mutation: Mutation;
  readonly judge: Judge;
}

/** Codes of a caller's own mistakes: no lie of a server may look like one. */
const blaming: ReadonlySet<string> = new Set(['argument-invalid', 'cancelled', 'not-logged-in', 'name-invalid', 'file-changed', 'file-unreadable', 'password-weak', 'username-invalid', 'link-invalid']);

/** A saved session is refused where the server says that it is another server. */
function isTold(code: string, { route, lie }: Mutation): boolean {
  return code === 'argument-invalid' && route === 'readServer' && lie.at === 'serverId';
}

type Ended = { readonly kind: 'done'; readonly outcome: Awaited<ReturnType<Awaited<ReturnType<Scenario>>>> } | { readonly kind: 'thrown'; readonly thrown: unknown } | { readonly kind: 'late' };

async function inTime(act: Awaited<ReturnType<Scenario>>): Promise<Ended> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Ended>((resolve) => {
    timer = setTimeout(() => { resolve({ kind: 'late' }); }, maxMs);
  });
  const ended = act().then((outcome): Ended => ({ kind: 'done', outcome }), (thrown: unknown): Ended => ({ kind: 'thrown', thrown }));
  const first = await Promise.race([ended, late]);
  clearTimeout(timer);
  return first;
}

function ofError(thrown: unknown, { honest: { sure }, mutation, judge }: Case): Judged {
  if (!(thrown instanceof DiceError)) return judge('UNTYPED', String(thrown instanceof Error ? thrown.stack : thrown));
  if (blaming.has(thrown.code) && !isTold(thrown.code, mutation)) return judge('WRONG', `it blames the caller: ${thrown.code}`);
  return judge(sure === thrown.code ? 'no meaning' : 'refused', thrown.code);
}

function ofResult({ honest, mutation, judge }: Case, { sure, word }: { readonly sure: unknown; readonly word: unknown }): Judged {
  const isSure = isDeepStrictEqual(sure, honest.sure);
  if (isSure && isDeepStrictEqual(word, honest.word)) return judge('no meaning', '');
  if (isOpenLie(mutation)) return judge('known open', '');
  if (!isSure) return judge('WRONG', `${shown(sure)} and not ${shown(honest.sure)}`);
  return isOwnWord(mutation) ? judge('own word', '') : judge('WRONG', `it believed ${shown(word)}`);
}

function shown(value: unknown): string {
  return inspect(value, { breakLength: Infinity, depth: 6 }).slice(0, 300);
}

async function sureOf(sure: () => unknown): Promise<unknown> {
  try {
    return await sure();
  } catch (thrown) {
    return codeOf(thrown);
  }
}

function codeOf(thrown: unknown): string {
  if (thrown instanceof DiceError) return thrown.code;
  throw thrown;
}

/** Secrets in what was sent, and derivations that were paid below the floor or above the ceiling. */
function leaked({ world, ada }: Stage, exchanges: readonly Exchange[]): string | undefined {
  const { witness } = world;
  const weak = witness.costs.find(({ log2N, r, p }) => log2N < 17 || r < 8 || p < 1 || log2N > 19 || r > 8 || p > 4);
  if (weak !== undefined) return `it derived at ${JSON.stringify(weak)}`;
  const hasPlaintext = exchanges.some(({ sent }) => sent.route === 'sendBlocks' || sent.route === 'commitImages');
  const secrets = { keys: witness.secrets, auths: witness.auths, texts: world.secretTexts(ada), pieces: hasPlaintext ? world.pieces() : new Set<string>() };
  for (const { sent } of exchanges) {
    const found = secretIn(sent, secrets);
    if (found !== undefined) return `${found} in ${String(sent.route)}`;
  }
  return undefined;
}
