// Jest's own environment, in which the language's objects are found fast. A test file runs in a context of node:vm, where a name that nobody
// declared (`Math`, `Uint8Array`) goes through an interceptor each time that it is read: loops over pixels take twice as long. What a script
// of the context declares is found like any constant. Names that tests replace (Date, timers, fetch) are not among them. And with the process that
// Node tells of rejections, for jest gives tests another (support/unheard-rejections.ts).
import { runInContext } from 'node:vm';
import { TestEnvironment } from 'jest-environment-node';

const names = [
  'Array', 'ArrayBuffer', 'BigInt', 'BigInt64Array', 'BigUint64Array', 'Boolean', 'DataView', 'Error', 'Float32Array', 'Float64Array', 'Int16Array', 'Int32Array', 'Int8Array',
  'JSON', 'Map', 'Math', 'Number', 'Object', 'Promise', 'RangeError', 'Reflect', 'RegExp', 'Set', 'String', 'Symbol', 'TypeError', 'Uint16Array', 'Uint32Array', 'Uint8Array',
  'Uint8ClampedArray', 'WeakMap', 'WeakSet', 'parseInt',
];

export default class FastGlobals extends TestEnvironment {
  async setup() {
    await super.setup();
    this.global.hostProcess = process;
    runInContext(`const ${names.map((name) => `${name} = globalThis.${name}`).join(', ')};`, this.context);
  }
}
