// Compiles the kernel of the tile coder and writes it, as a module without imports, to dist/client-sdk/core/image. Same input,
// same bytes. Run before `tsc --build`; the types of what it writes are in client-sdk/core/image/tile-kernel-code.d.ts. Tests call it too
// (jest's globalSetup), so that they need no more than `tsc --build`: then it compiles only what is newer.
import { copyFile, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const source = join(root, 'client-sdk/core/image/kernel');
const types = join(root, 'client-sdk/core/image/tile-kernel-code.d.ts');
const out = join(root, 'dist/client-sdk/core/image');
const target = join(out, 'tile-kernel-code.js');
/** Pages of 64 KiB: as many as memory.ts gives places to. It never grows. */
const pages = '480';

export default async function buildWhereOlder() {
  const built = await changedAt(target);
  const names = await readdir(source);
  const changed = await Promise.all([types, ...names.map((name) => join(source, name))].map(changedAt));
  if (built <= Math.max(...changed)) await build();
}

async function changedAt(file) {
  return stat(file).then(({ mtimeMs }) => mtimeMs, () => 0);
}

async function build() {
  const files = new Map();
  const { error, stderr } = await asc.main(
    [
      'client-sdk/core/image/kernel/index.ts', '--outFile', 'kernel.wasm', '--baseDir', root, '-O3', '--converge', '--noAssert', '--runtime', 'stub',
      '--enable', 'simd', '--initialMemory', pages, '--maximumMemory', pages,
    ],
    { writeFile: (name, bytes) => void files.set(name, bytes) },
  );
  if (error !== null) throw new Error(`The kernel does not compile.\n${stderr.toString()}`);
  const code = Buffer.from(files.get('kernel.wasm')).toString('base64');
  await mkdir(out, { recursive: true });
  await copyFile(types, join(out, 'tile-kernel-code.d.ts'));
  await writeFile(target, module(code));
}

function module(code) {
  return `// Written by client-sdk/core/image/kernel/build.mjs.
const code = '${code}';
export function newKernel() {
  const bytes = Uint8Array.from(atob(code), (letter) => letter.charCodeAt(0));
  return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
}
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await build();
