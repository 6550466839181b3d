/**
 * Changes of an index as a disk makes them: no trigger hears of them, and no sum follows.
 */
import type Database from 'better-sqlite3';

/** Does `change` without the triggers of `table`, which come back as they were. */
export function withoutTriggers<T>(db: Database.Database, table: string, change: () => T): T {
  const triggers = db.prepare<[string], { readonly name: string; readonly sql: string }>("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?").all(table);
  for (const { name } of triggers) db.exec(`DROP TRIGGER ${name}`);
  try {
    return change();
  } finally {
    for (const { sql } of triggers) db.exec(sql);
  }
}
