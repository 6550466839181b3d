// Compiles the kernels of the tile coder, of deflate and of JPEG scans and writes them, as modules without imports, to dist/client-sdk/core/image.
// Same input, same bytes. Run before `tsc --build`; the types of what it writes are in *-kernel-code.d.ts beside the folders of the sources.
// Tests call it too (test/global-setup.mjs), so that they need no more than `tsc --build`: then it compiles only what is newer.
import { copyFile, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { dirname, join } from 'node:path';
import asc from 'assemblyscript/asc';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
/** What a module exports besides, and pages of 64 KiB: at first and at most. */
const kernels = [
  // As many pages as memory.ts gives places to. It never grows.
  { source: 'client-sdk/core/image/kernel', code: 'client-sdk/core/image/tile-kernel-code', make: 'newKernel', pages: [480, 480] },
  // As many pages as its memory.ts gives places to. It never grows.
  { source: 'client-sdk/core/image/deflate-kernel', code: 'client-sdk/core/image/deflate-kernel-code', make: 'newDeflateKernel', pages: [52, 52] },
  // It grows by the coefficients of a file: image-limits.ts says how many there may be, and their places are a 16th of it.
  { source: 'client-sdk/core/image/jpeg/kernel', code: 'client-sdk/core/image/jpeg/scan-kernel-code', make: 'newScanKernel', pages: [16, 9216] },
];

export default async function buildWhereOlder() {
  for (const kernel of kernels) {
    const built = await changedAt(join(root, 'dist', `${kernel.code}.js`));
    const names = await readdir(join(root, kernel.source));
    const changed = await Promise.all([`${kernel.code}.d.ts`, ...names.map((name) => join(kernel.source, name))].map((name) => changedAt(join(root, name))));
    if (built <= Math.max(...changed)) await build(kernel);
  }
}

async function changedAt(file) {
  return stat(file).then(({ mtimeMs }) => mtimeMs, () => 0);
}

async function build({ source, code, make, pages: [first, most] }) {
  const files = new Map();
  const { error, stderr } = await asc.main(
    [
      `${source}/index.ts`, '--outFile', 'kernel.wasm', '--baseDir', root, '-O3', '--converge', '--noAssert', '--runtime', 'stub',
      '--enable', 'simd', '--initialMemory', String(first), '--maximumMemory', String(most),
    ],
    { writeFile: (name, bytes) => void files.set(name, bytes) },
  );
  if (error !== null) throw new Error(`The kernel in ${source} does not compile.\n${stderr.toString()}`);
  const target = join(root, 'dist', `${code}.js`);
  await mkdir(dirname(target), { recursive: true });
  await copyFile(join(root, `${code}.d.ts`), join(root, 'dist', `${code}.d.ts`));
  await writeFile(target, moduleOf(Buffer.from(files.get('kernel.wasm')).toString('hex'), make));
}

// As hex the code stays aligned to bytes, so that what compresses the script finds its repetitions: a quarter less to send than as base64.
function moduleOf(code, make) {
  return `// Written by client-sdk/core/image/kernel/build.mjs.
const code = '${code}';
let module;
export function ${make}() {
  module ??= new WebAssembly.Module(Uint8Array.from(code.match(/../g), (pair) => parseInt(pair, 16)));
  return new WebAssembly.Instance(module).exports;
}
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) for (const kernel of kernels) await build(kernel);
