/**
 * What the command says and asks. With `--json` stdout carries one document and nothing else, also where the command fails; people's text
 * goes to stderr then. Nothing that it writes steers a terminal. `--quiet` leaves errors alone. Prompts need a terminal; hidden ones do not echo.
 */
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Json } from '../protocol/schema.js';
import { jsonText, linesText } from './amounts.js';
import { UsageError } from './exit-status.js';

/** Streams of the process, so that a test can give its own. */
export interface Streams {
  readonly stdin: Readable & { readonly isTTY?: boolean; setRawMode?(isRaw: boolean): unknown };
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean };
}

export interface ConsoleOptions {
  readonly isJson: boolean;
  readonly isQuiet: boolean;
}

export class Console {
  /** Ends the document whose array has begun. */
  #end: ((rest: Readonly<Record<string, Json>>) => void) | undefined;

  constructor(
    readonly streams: Streams,
    readonly options: ConsoleOptions,
  ) {}

  /** A bar may be drawn: a person looks at a terminal and wants text. */
  get hasBars(): boolean {
    return this.streams.stderr.isTTY === true && !this.options.isQuiet;
  }

  /** The result, for people: stdout, or stderr beside `--json`. */
  say(line: string): void {
    if (this.options.isQuiet && this.options.isJson) return;
    (this.options.isJson ? this.streams.stderr : this.streams.stdout).write(`${linesText(line)}\n`);
  }

  /** A remark on the way. */
  note(line: string): void {
    if (!this.options.isQuiet) this.streams.stderr.write(`${linesText(line)}\n`);
  }

  /** What went wrong. */
  complain(line: string): void {
    this.streams.stderr.write(`dice: ${linesText(line)}\n`);
  }

  /** The one document of `--json`. */
  document(value: Json): void {
    if (this.options.isJson) this.streams.stdout.write(`${jsonText(value)}\n`);
  }

  /** The one document of `--json` where it has an array that should not be held in memory: members come one by one. */
  documentOf(name: string): { item(value: Json): void; end(rest: Readonly<Record<string, Json>>): void } {
    const write = (text: string): void => {
      if (this.options.isJson) this.streams.stdout.write(text);
    };
    let count = 0;
    const end = (rest: Readonly<Record<string, Json>>): void => {
      const members = Object.entries(rest).map(([key, value]) => `,${JSON.stringify(key)}:${jsonText(value)}`);
      write(`]${members.join('')}}\n`);
      this.#end = undefined;
    };
    write(`{${JSON.stringify(name)}:[`);
    this.#end = end;
    return {
      item: (value) => {
        write(`${count++ === 0 ? '' : ','}\n${jsonText(value)}`);
      },
      end,
    };
  }

  /** The document of a command that failed: an array that has begun ends with the member `error`; else there is nothing but that. */
  failed(error: Json): void {
    if (this.#end === undefined) this.document({ error });
    else this.#end({ error });
  }

  /** A line typed by the person. Throws UsageError where nobody can type; `instead` says what to do then. */
  async ask(question: string, instead: string): Promise<string> {
    this.#needTerminal(question, instead);
    const lines = createInterface({ input: this.streams.stdin, output: this.streams.stderr });
    try {
      return await new Promise<string>((resolve, reject) => {
        lines.once('close', () => {
          reject(new UsageError('nothing was entered'));
        });
        lines.question(`${question}: `, resolve);
      });
    } finally {
      lines.close();
    }
  }

  /** As `ask`, without an echo. */
  askHidden(question: string, instead: string): Promise<string> {
    this.#needTerminal(question, instead);
    this.streams.stderr.write(`${question}: `);
    return readHidden(this.streams);
  }

  #needTerminal(question: string, instead: string): void {
    if (this.streams.stdin.isTTY !== true) throw new UsageError(`${question} is needed and there is no terminal to ask: ${instead}`);
  }
}

/** Keys until Enter; backspace deletes, Ctrl-C ends. */
function readHidden(streams: Streams): Promise<string> {
  const { stdin, stderr } = streams;
  return new Promise((resolve, reject) => {
    let typed: string[] = [];
    const finish = (settle: () => void): void => {
      stdin.off('data', onData);
      stdin.setRawMode?.(false);
      stdin.pause();
      stderr.write('\n');
      settle();
    };
    const onData = (piece: Buffer | string): void => {
      for (const key of piece.toString()) {
        if (key === '\r' || key === '\n') {
          finish(() => {
            resolve(typed.join(''));
          });
          return;
        }
        if (key === '\u0003' || key === '\u0004') {
          finish(() => {
            reject(new UsageError('nothing was entered'));
          });
          return;
        }
        typed = key === '\u007f' || key === '\b' ? typed.slice(0, -1) : [...typed, key];
      }
    };
    stdin.setRawMode?.(true);
    stdin.on('data', onData);
    stdin.resume();
  });
}
