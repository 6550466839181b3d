// Compiles the kernel of the tile coder and writes it, as a module without imports, to dist/client-sdk/core/image. Same input,
// same bytes. Run before `tsc --build`; the types of what it writes are in client-sdk/core/image/tile-kernel-code.d.ts.
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const out = join(root, 'dist/client-sdk/core/image');
/** Pages of 64 KiB: as many as memory.ts gives places to. It never grows. */
const pages = '480';

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
await writeFile(
  join(out, 'tile-kernel-code.js'),
  `// Written by client-sdk/core/image/kernel/build.mjs.
const code = '${code}';
export function newKernel() {
  const bytes = Uint8Array.from(atob(code), (letter) => letter.charCodeAt(0));
  return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
}
`,
);
await copyFile(join(root, 'client-sdk/core/image/tile-kernel-code.d.ts'), join(out, 'tile-kernel-code.d.ts'));
