/**
 * The file system and SQLite with one call that fails: before it takes effect, or after, when nobody is told that it did. It stands in the place of the modules
 * `node:fs/promises` and `better-sqlite3`, so whoever sweeps with it loads what it sweeps afterwards (test/fault/backup-sweeps.test.ts).
 */
import * as fs from 'node:fs/promises';
import Sqlite from 'better-sqlite3';

type Call = (...given: unknown[]) => unknown;

/** What the armed call does. */
export interface ArmedCall {
  /** The `at`-th from now, from 1 on; Infinity: none. */
  readonly at: number;
  readonly takesEffect: boolean;
}

export class FailingSystem {
  #armed: ArmedCall | undefined;
  #failed: string | undefined;
  /** Names of the calls since it was armed. */
  made: string[] = [];

  arm(call: ArmedCall): void {
    [this.#armed, this.#failed, this.made] = [call, undefined, []];
  }

  /** The name of the call that failed, if one did. */
  disarm(): string | undefined {
    this.#armed = undefined;
    return this.#failed;
  }

  /** What `node:fs/promises` exports. Open files are watched too. */
  readonly fileSystem = (): Readonly<Record<string, unknown>> => {
    const watched = Object.fromEntries(Object.entries(fs).map(([name, own]: [string, unknown]) => [name, typeof own === 'function' ? this.#watched(name, own as Call) : own])); // the module's own functions
    const open = async (...given: unknown[]): Promise<unknown> => {
      const handle = await this.#during('open', async () => this.#file(await fs.open(...(given as Parameters<typeof fs.open>))), (file) => file.close()); // given to the real one as they came
      return handle;
    };
    return { ...watched, open, default: { ...watched, open } };
  };

  /** What `better-sqlite3` exports. */
  readonly sqlite = (): Readonly<Record<string, unknown>> => {
    const construct = (target: typeof Sqlite, given: unknown[]): object =>
      this.#at('sqlite open', () => this.#connection(new target(...(given as ConstructorParameters<typeof Sqlite>))), (made) => { made.close(); }); // as they came
    const made = new Proxy(Sqlite, { construct });
    return { default: made, SqliteError: Sqlite.SqliteError };
  };

  #file(handle: fs.FileHandle): fs.FileHandle {
    return proxied(handle, (name, own) => {
      if (name === 'close') return () => this.#closing(own);
      return (...given) => this.#during(name, () => own(...given));
    });
  }

  #connection(connection: Sqlite.Database): Sqlite.Database {
    return proxied(connection, (name, own) => {
      if (name === 'exec' || name === 'pragma') return (...given) => this.#at(`sqlite ${name}`, () => own(...given));
      if (name === 'backup') return (...given) => this.#during('sqlite backup', () => own(...given));
      return name === 'prepare' ? (...given) => this.#statement(own(...given) as Sqlite.Statement) : own; // of a connection
    });
  }

  #statement(statement: Sqlite.Statement): Sqlite.Statement {
    const counted = new Set(['run', 'get', 'all']);
    return proxied(statement, (name, own) => (counted.has(name) ? (...given) => this.#at(`sqlite ${name}`, () => own(...given)) : own));
  }

  #watched(name: string, own: Call): Call {
    return (...given) => this.#during(name, () => own(...given));
  }

  async #during<T>(name: string, act: () => T | Promise<T>, undo: (made: T) => unknown = () => undefined): Promise<T> {
    if (!this.#isHit(name)) return act();
    // One that fails by itself fails in this way.
    if (this.#armed?.takesEffect === true) await Promise.resolve().then(act).then(undo, () => undefined);
    throw failureOf('EIO', name);
  }

  /** A file that could not be closed is closed: no system keeps it open. */
  async #closing(close: Call): Promise<void> {
    const isHit = this.#isHit('close');
    await close();
    if (isHit) throw failureOf('EIO', 'close');
  }

  #at<T>(name: string, act: () => T, undo: (made: T) => void = () => undefined): T {
    if (!this.#isHit(name)) return act();
    if (this.#armed?.takesEffect === true) undo(act());
    throw failureOf('SQLITE_IOERR', name);
  }

  #isHit(name: string): boolean {
    if (this.#armed === undefined) return false;
    const isHit = this.made.push(name) === this.#armed.at;
    if (isHit) this.#failed = name;
    return isHit;
  }
}

function failureOf(code: string, name: string): Error {
  return Object.assign(new Error(`${code}: made to fail, ${name}`), { code });
}

/** The object, with other methods; each runs on the object itself. */
function proxied<T extends object>(object: T, methodOf: (name: string, own: Call) => Call): T {
  return new Proxy(object, {
    get(target, name) {
      const own: unknown = Reflect.get(target, name, target);
      return typeof own === 'function' && typeof name === 'string' ? methodOf(name, own.bind(target) as Call) : own; // bound: private state stays the object's
    },
  });
}
