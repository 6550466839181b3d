/**
 * One process of several that serve a store on PostgreSQL, as an open database of its own with stores over it; steps of it that can be held
 * open in the middle, so that a test decides what two processes do at once.
 */
import { createGate as createLocalGate } from '../../server/core/gate.js';
import type { AccountStore } from '../../server/ports/account-store.js';
import type { ImageStore } from '../../server/ports/image-store.js';
import type { TagStore } from '../../server/ports/tag-store.js';
import { createAccountStore } from '../../server/storage/postgres/account-store.js';
import { openDatabase, type StoreDatabase } from '../../server/storage/postgres/database.js';
import { createGate, type ProcessGate } from '../../server/storage/postgres/gate.js';
import { createImageStore } from '../../server/storage/postgres/image-store.js';
import type { Pace } from '../../server/storage/postgres/membership.js';
import type { Session } from '../../server/storage/postgres/session.js';
import { createTagStore } from '../../server/storage/postgres/tag-store.js';

/** A process without a gate, whose writes are fenced by nothing. */
export interface StoreProcess {
  readonly db: StoreDatabase;
  readonly tags: TagStore;
  readonly images: ImageStore;
  readonly accounts: AccountStore;
  close(): Promise<void>;
}

/** Opens the database at `url` as one more process. */
export async function openProcess(url: string): Promise<StoreProcess> {
  const db = await openDatabase({ url });
  return { db, tags: createTagStore(db), images: createImageStore(db), accounts: createAccountStore(db), close: () => db.close() };
}

/** A process that takes part in the gate. Closing it leaves the gate first. */
export async function openGated(url: string, pace: Pace): Promise<StoreProcess & { readonly gate: ProcessGate }> {
  const opened = await openProcess(url);
  const gate = await createGate(opened.db, createLocalGate(), pace);
  return {
    ...opened,
    gate,
    async close() {
      await gate.close();
      await opened.close();
    },
  };
}

/** Something that waits until it is told to go on. */
export interface Latch {
  readonly opened: Promise<void>;
  open(): void;
}

export function latch(): Latch {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => { open = resolve; });
  return { opened, open: () => { open(); } };
}

/** A transaction that did its step and is still open. */
export interface HeldOpen<T> {
  /** Commits. */
  finish(): Promise<T>;
}

/** Runs `step` in a transaction of `db` and holds it open. Resolves when the step is done. */
export async function holdOpen<T>(db: StoreDatabase, step: (session: Session) => Promise<T>): Promise<HeldOpen<T>> {
  const [entered, released] = [latch(), latch()];
  const running = db.write('holding a transaction open', async (session) => {
    const result = await step(session);
    entered.open();
    await released.opened;
    return result;
  });
  await Promise.race([entered.opened, running]);
  return {
    finish() {
      released.open();
      return running;
    },
  };
}

/** True where `promise` is still pending while `other`, which takes a few round trips, has come to its end. */
export async function waitsFor(promise: Promise<unknown>, other: () => Promise<unknown>): Promise<boolean> {
  const state = { isPending: true };
  const note = (): void => { state.isPending = false; };
  promise.then(note, note);
  for (let round = 0; round < 5; round++) await other();
  return state.isPending;
}
