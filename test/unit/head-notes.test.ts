/**
 * Notes of a run of uploads for the account head: told beside the uploads, kept quiet where the network fails, and what the device fails at is heard at
 * the end and nowhere else.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setImmediate as endOfTurn } from 'node:timers/promises';
import type { AccountHeads, LeafChange } from '../../client-sdk/account-head.js';
import { DiceError, fault } from '../../client-sdk/core/errors.js';
import { HeadNotes } from '../../client-sdk/head-notes.js';
import type { ImageId } from '../../client-sdk/protocol/ids.js';
import { listenForUnheard } from '../support/unheard-rejections.js';

let unheard: ReturnType<typeof listenForUnheard>;

beforeEach(() => { unheard = listenForUnheard(); });

afterEach(() => { expect(unheard.stop()).toEqual([]); });

/** Notes that are told at once: each look at the clock is ten seconds later. */
function notesOver(change: (changes: readonly LeafChange[]) => Promise<void>): HeadNotes {
  let now = 0;
  return new HeadNotes({ change } as unknown as AccountHeads, () => (now += 10_000)); // all that is asked of it
}

const note = (notes: HeadNotes): void => { notes.note('0'.repeat(32) as ImageId, new Uint8Array(16)); };

describe('notes for the account head', () => {
  it.each([
    ['a failure of the device', new TypeError('the database is closed'), 'the database is closed'],
    ['a lie', fault('account-rolled-back'), 'older state'],
    ['an image that the server does not know any more', new DiceError('request-invalid', 'no'), 'just acknowledged'],
  ])('tell %s at the end, and reject nowhere before', async (_, thrown, message) => {
    const notes = notesOver(() => Promise.reject(thrown));
    note(notes);
    // Node tells of what nobody heard once a turn has ended.
    await endOfTurn();
    await endOfTurn();
    await expect(notes.end()).rejects.toThrow(message);
  });

  it('pass over a network that fails', async () => {
    const notes = notesOver(() => Promise.reject(fault('server-unreachable')));
    note(notes);
    await notes.end();
  });

  it('wait for what is under way where they are stopped, and tell no more', async () => {
    const told: number[] = [];
    let release: () => void = () => undefined;
    const notes = notesOver(async ({ length }) => {
      await new Promise<void>((resolve) => { release = resolve; });
      told.push(length);
    });
    note(notes);
    note(notes);
    let isStopped = false;
    const stopping = notes.stop().then(() => { isStopped = true; });
    await endOfTurn();
    expect([isStopped, told]).toEqual([false, []]);
    release();
    await stopping;
    expect(told).toEqual([1]);
  });
});
