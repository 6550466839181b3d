/**
 * One connection for the length of one step: what the functions of the nouns ask and change through. Every statement is prepared once
 * for each connection, under a name made of its text. It knows no table.
 */
import type { ClientBase } from 'pg';

/** A statement's values; bytes are sent as bytes, lists as arrays. */
export type Parameters = readonly unknown[];

export interface Session {
  /** All rows; `Row` is what the columns of `sql` give. */
  all<Row>(sql: string, ...parameters: Parameters): Promise<readonly Row[]>;
  /** The first row. */
  get<Row>(sql: string, ...parameters: Parameters): Promise<Row | undefined>;
  /** How many rows were changed. */
  run(sql: string, ...parameters: Parameters): Promise<number>;
}

/** Texts are constants of this program, so there are few. */
const names = new Map<string, string>();

/** A session on `client`, whose transaction is its caller's. */
export function sessionOn(client: ClientBase): Session {
  const ask = (sql: string, parameters: Parameters) => client.query({ name: nameOf(sql), text: sql, values: [...parameters] });
  return {
    async all<Row>(sql: string, ...parameters: Parameters): Promise<readonly Row[]> {
      const { rows } = await ask(sql, parameters);
      return rows as readonly Row[]; // one text is always asked with one row type
    },
    async get<Row>(sql: string, ...parameters: Parameters): Promise<Row | undefined> {
      const { rows } = await ask(sql, parameters);
      return rows[0] as Row | undefined; // as above
    },
    async run(sql, ...parameters) {
      return (await ask(sql, parameters)).rowCount ?? 0;
    },
  };
}

function nameOf(sql: string): string {
  const known = names.get(sql);
  if (known !== undefined) return known;
  const made = `dice_${names.size + 1}`;
  names.set(sql, made);
  return made;
}
