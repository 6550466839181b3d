/**
 * The README's line for a server under Node's permission model: it takes and gives back an image, and what the model is for is refused.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import request from 'supertest';
import { rawBlock, registerRaw, sendHashes, storeRaw } from '../support/raw-account.js';
import { snippetOf } from '../support/snippet.js';
import { temporaryDirectories } from '../support/temp-directory.js';

const temporary = temporaryDirectories();
const root = fileURLToPath(new URL('../../../', import.meta.url));
const flag = Number(process.versions.node.split('.')[0]) >= 22 ? '--permission' : '--experimental-permission';

/** The line, with packages where this checkout has them (a link in it may lead elsewhere), and `script` in place of the server's. */
async function confinedLine(script = 'dist/server/main.js'): Promise<string> {
  const line = ((await snippetOf('README.md', 'sh', '--allow-fs-write')) ?? '').replace('--experimental-permission', flag);
  return line.replace('dist/server/main.js', `--allow-fs-read='${await realpath(path.join(root, 'node_modules'))}/' ${script}`);
}

function shell(line: string, dataDirectory: string): ReturnType<typeof spawn> {
  return spawn('sh', ['-c', line], { cwd: root, env: { ...process.env, PORT: '0', HOST: '127.0.0.1', DICE_DATA_DIR: dataDirectory }, stdio: ['ignore', 'pipe', 'pipe'] });
}

it('serves uploads, and ends as it should', async () => {
  const dataDirectory = path.join(await temporary(), 'data');
  await mkdir(dataDirectory);
  const child = shell(await confinedLine(), dataDirectory);
  let said = '';
  child.stderr?.on('data', (piece: Buffer) => { said += piece.toString(); });
  const ended = once(child, 'exit');
  try {
    while (!said.includes('listens on') && child.exitCode === null) await Promise.race([ended, new Promise((resolve) => child.stderr?.once('data', resolve))]);
    const url = /listens on (http:\/\/[0-9.:]+)/.exec(said)?.[1] ?? said;
    const ada = await registerRaw(url, 'ada');
    const blocks = [rawBlock(90_000), rawBlock()];
    const imageId = await storeRaw(url, ada, blocks);
    const fetched = await sendHashes(url, { path: `images/${imageId}/blocks`, account: ada }, blocks.map(({ tag }) => tag));
    expect(fetched.status).toBe(200);
    for (const route of [`images/${imageId}`, `trash/${imageId}`]) expect((await request(url).delete(`/api/v1/${route}`).set('Authorization', ada.bearer)).ok).toBe(true);
    expect((await request(url).post('/api/v1/operator/collect').set('Authorization', ada.bearer)).status).toBe(200);
    expect((await request(url).get('/readyz')).status).toBe(200);
    expect((await request(url).get('/')).status).toBeLessThan(400);
  } finally {
    child.kill('SIGTERM');
  }
  expect(await ended).toEqual([0, null]);
  expect((await readdir(dataDirectory)).filter((name) => name.endsWith('-wal'))).toEqual([]);
});

it('cannot read or write elsewhere, nor start programs or threads', async () => {
  const dataDirectory = path.join(await temporary(), 'data');
  await mkdir(dataDirectory);
  const tries = ["fs.readFileSync('/etc/passwd')", "fs.writeFileSync('dist/odd', '')", "child_process.spawnSync('id')", "new worker_threads.Worker('1', { eval: true })"];
  const script = tries.map((step) => `try { ${step}; console.log('done'); } catch (error) { console.log(error.code); }`).join('');
  const child = shell(await confinedLine(`-e "${script}"`), dataDirectory);
  let said = '';
  child.stdout?.on('data', (piece: Buffer) => { said += piece.toString(); });
  await once(child, 'close');
  expect(said.trim().split('\n')).toEqual(Array.from({ length: 4 }, () => 'ERR_ACCESS_DENIED'));
});
