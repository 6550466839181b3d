/**
 * Reads what strace wrote of a server that one client asks one thing after another, and tells where it answered, or went on, before what it wrote was synced.
 */
import path from 'node:path';

/** Which answers there were, and what came too early. */
export interface SyncOrder {
  /** Request lines, without ids. */
  readonly answered: ReadonlyMap<string, number>;
  readonly commits: number;
  readonly faults: readonly string[];
}

interface Step {
  readonly call: string;
  /** The file or socket that its first argument names, or the last path among its arguments. */
  readonly target: string;
  readonly text: string;
  readonly phase: 'begun' | 'done' | 'both';
  readonly hasFailed: boolean;
}

const writing = new Set(['write', 'writev', 'pwrite64', 'pwritev', 'pwritev2']);
const syncing = new Set(['fsync', 'fdatasync']);
/** The last thing that is done for them is to note that the upload lives, which a crash may take back. Their rows come before. */
const requestsThatEndLazily = /^POST \/api\/v1\/uploads\/ID\/blocks/;

/** `lines` of a trace of the calls that write, and of `read`, with the first bytes of each. `data`: the data directory. */
export function syncOrderOf(lines: readonly string[], data: string): SyncOrder {
  const order = new Order(data);
  for (const step of stepsOf(lines)) order.take(step);
  return order.result();
}

class Order {
  readonly #unsynced = new Set<string>();
  /** Folders whose names are not synced. */
  readonly #unnamed = new Set<string>();
  readonly #requests = new Map<string, string>();
  readonly #answered = new Map<string, number>();
  readonly #faults: string[] = [];
  #commits = 0;
  /** A sync of the log came after the last one of a pack. */
  #areRowsSynced = true;

  constructor(private readonly data: string) {}

  take(step: Step): void {
    if (step.target.startsWith('socket:')) this.#takeSocket(step);
    else if (step.target.startsWith(this.data)) this.#takeFile(step);
  }

  result(): SyncOrder {
    return { answered: this.#answered, commits: this.#commits, faults: this.#faults };
  }

  #takeSocket({ call, target, text, phase }: Step): void {
    const request = /"((?:GET|POST|PUT|DELETE) [^ ]+) HTTP/.exec(text)?.[1];
    if (call === 'read' && phase !== 'begun' && request !== undefined) this.#requests.set(target, request.replace(/[0-9a-f]{32}/g, 'ID'));
    const asked = this.#requests.get(target);
    if (!writing.has(call) || phase === 'done' || asked === undefined || !text.includes('HTTP/1.1 2')) return;
    this.#answered.set(asked, (this.#answered.get(asked) ?? 0) + 1);
    const mayLag = requestsThatEndLazily.test(asked) && this.#areRowsSynced;
    const early = [...this.#unsynced].filter((file) => isPackFile(file) || (isLog(file) && !mayLag));
    for (const file of [...early, ...this.#unnamed]) this.#faults.push(`${asked} was answered before ${path.basename(file)} was synced`);
  }

  #takeFile({ call, target, text, phase, hasFailed }: Step): void {
    if (writing.has(call) && phase !== 'done') this.#write(target);
    if (syncing.has(call) && phase !== 'begun' && !hasFailed) {
      this.#unsynced.delete(target);
      this.#unnamed.delete(target);
      if (isLog(target) || isPackFile(target)) this.#areRowsSynced = isLog(target);
    }
    const isNaming = /^(rename|unlink)/.test(call) || (call === 'openat' && text.includes('O_CREAT'));
    if (isNaming && phase !== 'done' && isPackFile(target)) this.#unnamed.add(path.dirname(target));
  }

  #write(file: string): void {
    if (isLog(file)) {
      this.#commits++;
      for (const other of this.#unsynced) if (isPackFile(other)) this.#faults.push(`rows were written before ${path.basename(other)} was synced`);
    }
    if (path.basename(file) === 'dice.db') for (const other of this.#unsynced) if (isLog(other)) this.#faults.push('the index was written before its log was synced');
    this.#unsynced.add(file);
  }
}

function isPackFile(file: string): boolean {
  return path.basename(path.dirname(file)) === 'packs' && /^(pack-\d{10}\.dice|mark)(\.tmp)?$/.test(path.basename(file));
}

function isLog(file: string): boolean {
  return path.basename(file) === 'dice.db-wal';
}

/** A call that another thread interrupted is on two lines. */
function* stepsOf(lines: readonly string[]): Generator<Step> {
  const begun = new Map<string, Step>();
  for (const line of lines) {
    const [, thread = '', resumed, rest = ''] = /^(\d+) +(?:<\.\.\. (\w+) resumed>)?(.*)$/.exec(line) ?? [];
    const hasFailed = / = -1 /.test(rest);
    const first = begun.get(thread);
    if (resumed !== undefined && first !== undefined) {
      begun.delete(thread);
      yield { ...first, text: first.text + rest, phase: 'done', hasFailed };
      continue;
    }
    const [, call = '', text = ''] = /^(\w+)\((.*)$/.exec(rest) ?? [];
    if (call === '') continue;
    const isBegun = rest.endsWith('<unfinished ...>');
    const step: Step = { call, target: targetOf(call, text), text, phase: isBegun ? 'begun' : 'both', hasFailed };
    if (isBegun) begun.set(thread, step);
    yield step;
  }
}

/** Of a renaming where it goes to; of the calls on open files what strace says that they are. */
function targetOf(call: string, text: string): string {
  if (/^(rename|unlink|openat|mkdir)/.test(call)) return [...text.matchAll(/"([^"]*)"/g)].at(-1)?.[1] ?? '';
  return /^\d+<(.*?)>[,)\s]/.exec(`${text} `)?.[1]?.replace(/^(socket:\[\d+\]).*/, '$1') ?? '';
}
