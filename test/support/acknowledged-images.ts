/**
 * Images that a store acknowledged and did not remove since: whatever failed meanwhile, each is there whole, and a check finds nothing.
 */
import { expect } from '@jest/globals';
import type { AccountId, ImageId } from '../../client-sdk/protocol/ids.js';
import { checkStore, type Finding } from '../../server/core/check.js';
import type { Parts } from '../../server/core/contract.js';
import { createServices } from '../../server/core/services.js';
import type { RawBlock } from './raw-account.js';

interface Acknowledged {
  readonly accountId: AccountId;
  readonly blocks: readonly RawBlock[];
}

export class AcknowledgedImages {
  readonly #images = new Map<ImageId, Acknowledged>();

  get size(): number {
    return this.#images.size;
  }

  /** The same images, whatever comes later. */
  copy(): AcknowledgedImages {
    const copy = new AcknowledgedImages();
    for (const [imageId, image] of this.#images) copy.add(imageId, image);
    return copy;
  }

  add(imageId: ImageId, image: Acknowledged): void {
    this.#images.set(imageId, image);
  }

  forget(imageId: ImageId): void {
    this.#images.delete(imageId);
  }

  /** Every image comes back from these stores, block by block, and a check finds nothing. */
  async expectWhole(parts: Parts): Promise<void> {
    const { images, blocks: fetching } = createServices(parts);
    for (const [imageId, { accountId, blocks }] of this.#images) {
      await images.read(accountId, imageId);
      const ciphers: unknown[] = [];
      for await (const frame of await fetching.fetch(accountId, imageId, blocks.map(({ tag }) => tag))) ciphers.push(frame.kind === 'block' ? frame.cipher : undefined);
      expect(ciphers).toEqual(blocks.map(({ cipher }) => cipher));
    }
    const findings: Finding[] = [];
    await checkStore(parts, { onFinding: (finding) => findings.push(finding) });
    expect(findings).toEqual([]);
  }
}
