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

const folders = ['sealing', 'tag', 'hamming', 'sealed-object', 'manifest', 'frames', 'domain', 'keys', 'password', 'head'];
const root = new URL('../../../test/vectors/', import.meta.url);

describe.each([nobleProvider, nodeProvider])('with the $name provider', (provider) => {
  describe.each(folders)('the vectors of %s', (folder) => {
    it.each(vectorsOf(folder))('%s', async (_, vector) => {
      expect(await outcomeOf(provider, vector)).toEqual(vector.failure ?? vector.output);
    });
  });
});

describe('SPEC.md', () => {
  const spec = readFileSync(new URL('../../../client-sdk/protocol/SPEC.md', import.meta.url), 'utf8');

  it.each([
    ['sealing', 'one-aes-block'], ['domain', 'key-open'], ['domain', 'key-personal'], ['domain', 'key-group'], ['hamming', 'code-fixed'],
    ['manifest', 'encode'], ['manifest', 'entry'],
  ])('shows the very bytes of %s/%s', (folder, name) => {
    const vector = vectorsOf(folder).find(([file]) => file === `${name}.json`)?.[1];
    const shown = spec.replaceAll(/\s/g, '');
    const outputs = JSON.stringify(vector?.output).match(/[0-9a-f]+(?=["},]|$)/g) ?? [];
    expect(outputs.length).toBeGreaterThan(0);
    for (const value of outputs) expect(shown).toContain(value);
  });

  it('shows the head of head/sign and its hash', () => {
    // The vector's own form: what is signed, its hash, and the sealed object, which the document does not repeat.
    const { head, hash } = vectorsOf('head').find(([file]) => file === 'sign.json')?.[1].output as { readonly head: string; readonly hash: string };
    expect(spec.replaceAll(/\s/g, '')).toContain(head + hash);
  });

  it('shows a sealed object part by part', () => {
    const sealed = JSON.stringify(vectorsOf('sealed-object').find(([file]) => file === 'seal.json')?.[1].output).slice(1, -1);
    for (const [start, end] of [[6, 14], [14, 26], [26, 58], [58, -16], [-16, undefined]] as const) {
      expect(spec).toContain(sealed.slice(2 * start, end === undefined ? undefined : 2 * end));
    }
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
