/**
 * The order of system calls of a server at work, as strace saw it: each answer comes after the sync of the log that has its rows, and of the packs; rows come after the sync of the bytes
 * that they name. In this process, without strace: test/fault/unsynced.test.ts.
 */
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from '@jest/globals';
import { FaultTrials } from '../support/fault-trials.js';
import { readTrace, requireStrace, writingCalls } from '../support/strace.js';
import { syncOrderOf } from '../support/sync-order.js';
import { temporaryDirectories } from '../support/temp-directory.js';
import { TracedServer } from '../support/traced-server.js';

const temporary = temporaryDirectories();
/** Enough for the line of a request. */
const shownBytes = 120;

it('answers after the syncs, and files after the bytes', async () => {
  process.stdout.write(`${requireStrace()}\n`);
  const folder = await realpath(await temporary());
  const trace = path.join(folder, 'trace');
  const trials = await FaultTrials.prepare(path.join(folder, 'server'));
  const watching = { trace, calls: [...writingCalls, 'read'] as const, shownBytes };
  expect(await trials.run(() => TracedServer.watched(trials.data, watching))).toMatchObject({ ended: 'exit 0', failures: [], defects: [] });
  const { answered, commits, faults } = syncOrderOf((await readTrace(trace, trials.data)).lines, trials.data);
  process.stdout.write(`${String(commits)} writes of the log; answers: ${[...answered].map(([request, count]) => `${request} ${String(count)}`).join(', ')}\n`);
  expect(faults).toEqual([]);
  for (const [request, count] of [['POST /api/v1/accounts', 1], ['POST /api/v1/uploads/ID/blocks', 2], ['POST /api/v1/uploads/ID/commits', 2], ['DELETE /api/v1/images/ID', 1], ['DELETE /api/v1/trash/ID', 1], ['POST /api/v1/operator/collect', 1]] as const) {
    expect([request, answered.get(request)]).toEqual([request, count]);
  }
  expect(commits).toBeGreaterThan(5);
}, 300_000);
