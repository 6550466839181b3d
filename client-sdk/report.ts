/**
 * The account's report: every entry, gallery and trash, and the server's figures of the same account. SPEC.md section 12.
 */
import type { Connection } from './connection.js';
import { type AccountFigures, FigureSums } from './figures.js';
import { listImages } from './listing.js';
import { hexOf } from './protocol/bytes.js';

/** See DiceClient.report. */
export async function reportOf(connection: Connection, signal: AbortSignal | undefined): Promise<AccountFigures> {
  const sums = new FigureSums();
  for (const trash of [false, true]) {
    for await (const { card, entry } of listImages(connection, { trash, signal })) {
      sums.add({ size: entry.size, fileHash: hexOf(entry.fileHash), type: entry.type, createdAt: card.createdAt });
    }
  }
  return sums.report(await connection.transport.call('readReport', { body: undefined, signal }));
}
