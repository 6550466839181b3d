/**
 * Every vector of core on both providers: they agree with the committed bytes, and so with each other.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { CryptoProvider } from '../../client-sdk/core/crypto.js';
import { DiceError } from '../../client-sdk/core/errors.js';
import { nobleProvider } from '../../client-sdk/core/noble-provider.js';
import { nodeProvider } from '../../client-sdk/node/node-provider.js';
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import { coreOperations } from '../support/core-operations.js';
import type { Vector } from '../support/vector.js';

const folders = ['sealing', 'tag', 'hamming', 'sealed-object', 'manifest', 'frames', 'domain', 'keys', 'password'];
const root = new URL('../../../test/vectors/', import.meta.url);

describe.each([nobleProvider, nodeProvider])('with the $name provider', (provider) => {
  describe.each(folders)('the vectors of %s', (folder) => {
    it.each(vectorsOf(folder))('%s', async (_, vector) => {
      expect(await outcomeOf(provider, vector)).toEqual(vector.failure ?? vector.output);
    });
  });
});

function vectorsOf(folder: string): [string, Vector][] {
  const names = readdirSync(new URL(folder, root)).filter((name) => name.endsWith('.json')).sort();
  // A vector's form is checked by running it: a file of another form fails.
  return names.map((name) => [name, JSON.parse(readFileSync(new URL(`${folder}/${name}`, root), 'utf8')) as Vector]);
}

async function outcomeOf(provider: CryptoProvider, vector: Vector): Promise<unknown> {
  const operation = coreOperations[vector.operation];
  if (operation === undefined) throw new TypeError(`no operation ${vector.operation}`);
  try {
    return await operation(provider, vector.input);
  } catch (error) {
    if (error instanceof DiceError) return error.extra.step === undefined ? error.code : `${error.code}/${error.extra.step}`;
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}
