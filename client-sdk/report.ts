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
  const seen = new Set<string>();
  for (const trash of [false, true]) {
    for await (const { card, entry } of listImages(connection, { trash, signal })) {
      // One that went to the trash between the two listings is in both.
      if (seen.has(card.imageId)) continue;
      seen.add(card.imageId);
      const { size, fileHash, type, codedBytes, sentBytes } = entry;
      sums.add({ size, fileHash: hexOf(fileHash), type, createdAt: card.createdAt, codedBytes, sentBytes });
    }
  }
  return sums.report(await connection.transport.call('readReport', { body: undefined, signal }));
}
