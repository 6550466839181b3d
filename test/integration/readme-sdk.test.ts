/**
 * The SDK as a document shows it: its lines run as a program of their own, with the real key derivation.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pngOf } from '../../bench/plain-images.js';
import { startServer, type TestServer } from '../support/running-server.js';
import { photograph } from '../support/sample-images.js';
import { runSnippet, snippetIn } from '../support/snippet.js';

let server: TestServer;
let folder: string;

beforeAll(async () => {
  server = await startServer();
  folder = await mkdtemp(path.join(tmpdir(), 'dice-snippet-'));
});

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const lines = `\`\`\`ts
import { connect, fileForUpload, writeFileWhole } from 'dice-store';

const dice = await connect('http://localhost:3000');
const { recoveryWords } = await dice.register({ username: 'ada', password: 'a long and quiet evening' });
for await (const file of dice.upload([fileForUpload('photo.png', 'photo.png')])) console.log(file.name, file.status);
for await (const image of dice.list()) await writeFileWhole(\`copy of \${image.name}\`, dice.download(image.id));
console.log(recoveryWords.split(' ').length, (await dice.report()).figures.length);
await dice.close();
\`\`\`
`;

describe('the lines of the SDK', () => {
  it('register, upload, list, download and report', async () => {
    const png = pngOf(photograph(90, 70, 3));
    await writeFile(path.join(folder, 'photo.png'), png);
    const code = snippetIn(lines, 'ts', 'dice-store');
    const printed = await runSnippet(code ?? '', folder, { 'http://localhost:3000': server.url });
    expect(printed).toMatch(/^photo\.png stored\n24 \d+\n$/);
    expect((await readFile(path.join(folder, 'copy of photo.png'))).equals(png)).toBe(true);
  });
});
