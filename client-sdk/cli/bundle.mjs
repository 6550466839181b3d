// Bundles the command and the script of its threads into dist/dice: started so it takes half the time, for there are a few files to find
// and read instead of some hundred. What is native stays outside. Same input, same bytes. Run after `tsc --build`; tests run it too
// (test/global-setup.mjs), so that they try what was compiled last.
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
const compiled = join(root, 'dist/client-sdk');
const out = join(root, 'dist/dice');

export default async function bundle() {
  await build({
    absWorkingDir: root,
    entryPoints: [join(compiled, 'cli/main.js'), join(compiled, 'node/task-worker.js')],
    entryNames: '[name]',
    chunkNames: 'chunk-[hash]',
    outdir: out,
    bundle: true,
    splitting: true,
    minifySyntax: true,
    minifyWhitespace: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    legalComments: 'linked',
    charset: 'utf8',
    logLevel: 'warning',
    external: ['better-sqlite3', 'sharp'],
    // Libraries in the older form ask for Node's own modules by `require`.
    banner: { js: "import{createRequire as requireFrom}from'node:module';const require=requireFrom(import.meta.url);" },
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle();
