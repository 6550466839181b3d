// Bundles the page scripts, the worker and the style sheet, and puts templates and assets beside them in dist/views. Same input, same bytes:
// names of shared chunks are hashes of their content. Run after `tsc --build`.
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const views = join(root, 'views');
const out = join(root, 'dist/views');
const compiled = join(out, 'pages');

const shared = {
  bundle: true,
  minify: true,
  sourcemap: false,
  format: 'esm',
  target: 'es2022',
  platform: 'browser',
  legalComments: 'none',
  charset: 'utf8',
  logLevel: 'warning',
  absWorkingDir: root,
  outdir: join(out, 'assets'),
};

await rm(join(out, 'assets'), { recursive: true, force: true });
await mkdir(join(out, 'assets'), { recursive: true });
await cp(join(views, 'assets'), join(out, 'assets'), { recursive: true });
for (const name of (await readdir(views)).filter((file) => file.endsWith('.ejs'))) await cp(join(views, name), join(out, name));
await cp(join(views, 'parts'), join(out, 'parts'), { recursive: true });

const sources = (await readdir(join(views, 'pages'))).filter((file) => file.endsWith('.ts')).sort();
await build({ ...shared, entryPoints: sources.map((file) => join(compiled, file.replace(/\.ts$/, '.js'))), splitting: true, chunkNames: 'chunk-[hash]' });
await build({ ...shared, entryPoints: [{ in: join(root, 'dist/client-sdk/browser/worker.js'), out: 'worker' }] });
await build({ ...shared, entryPoints: [{ in: join(views, 'styles/site.css'), out: 'site' }] });

// What a browser may be sent instead: the strongest Brotli takes a second here and none in the server.
for (const name of await readdir(join(out, 'assets'))) {
  const bytes = await readFile(join(out, 'assets', name));
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 22, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  await writeFile(join(out, 'assets', `${name}.br`), brotliCompressSync(bytes, { params }));
}
