/**
 * Stand-ins for restic, rclone and borg that only copy, for tests of the bench that compares them with this product: run as a program
 * with the name of the tool. They speak over the network as the tools do, so that bytes can be counted. `restic-damaging` restores
 * a wrong byte.
 */
import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';

/** Names of files and their bytes in base64. */
type Archive = Readonly<Record<string, string>>;

const [tool = '', verb = '', ...args] = process.argv.slice(2);
if (verb.includes('version')) process.stdout.write(`${tool} stub\n`);
else if (tool === 'rclone') serveFiles(args.at(-1) ?? '');
else if (tool === 'borg') await borg();
else await restic(process.env['RESTIC_REPOSITORY']?.slice('rest:'.length) ?? '');

function serveFiles(repository: string): void {
  const server = createServer((request, response) => {
    const name = request.url?.slice(1) ?? '';
    const answer = async (): Promise<string | Buffer> => {
      if (request.method === 'PUT') await writeFile(path.join(repository, name), Buffer.from(await text(request), 'base64'));
      return name === '' ? JSON.stringify(await readdir(repository)) : readFile(path.join(repository, name));
    };
    answer().then((body) => response.end(body), () => response.destroy());
  });
  server.listen(0, '127.0.0.1', () => {
    // A server that listens on a port has an address of this form.
    process.stderr.write(`Serving restic REST API on http://127.0.0.1:${String((server.address() as AddressInfo).port)}/\n`);
  });
}

async function restic(url: string): Promise<void> {
  if (verb === 'init') await fetch(`${url}config`, { method: 'PUT', body: 'c3R1Yg==' });
  if (verb === 'backup') {
    for (const [name, bytes] of Object.entries(await packed(args.at(-1) ?? ''))) await fetch(`${url}file-${encodeURIComponent(name)}`, { method: 'PUT', body: bytes });
  }
  if (verb !== 'restore' && verb !== 'check') return;
  // The stub above answers with a list of names.
  const names = (await (await fetch(url)).json()) as readonly string[];
  const archive: Record<string, string> = {};
  for (const name of names.filter((known) => known.startsWith('file-'))) {
    archive[decodeURIComponent(name.slice('file-'.length))] = Buffer.from(await (await fetch(url + name)).arrayBuffer()).toString('base64');
  }
  if (verb === 'restore') await unpack(archive, tool === 'restic-damaging');
}

/** The client; `serve` is the other side, on a transport of lines. */
async function borg(): Promise<void> {
  if (verb === 'serve') {
    await serveArchives();
    return;
  }
  const [url = '', name = ''] = args.slice(verb === 'init' || verb === 'check' ? -1 : 0);
  const repository = new URL(url.split('::')[0] ?? '').pathname;
  const transport = spawn(process.env['BORG_RSH'] ?? '', ['peer'], { stdio: ['pipe', 'pipe', 'inherit'] });
  transport.stdin.write(`${JSON.stringify({ verb, repository, archive: verb === 'create' ? await packed(name) : {} })}\n`);
  const archive = JSON.parse(await firstLine(transport.stdout)) as Archive;
  transport.stdin.end();
  if (verb === 'extract') await unpack(archive, false);
}

async function serveArchives(): Promise<void> {
  const order = JSON.parse(await firstLine(process.stdin)) as { readonly verb: string; readonly repository: string; readonly archive: Archive };
  const file = path.join(order.repository, 'archive');
  await mkdir(order.repository, { recursive: true });
  if (order.verb === 'create') await writeFile(file, JSON.stringify(order.archive));
  process.stdout.write(`${order.verb === 'extract' || order.verb === 'check' ? await readFile(file, 'utf8') : '{}'}\n`);
}

async function firstLine(stream: AsyncIterable<unknown>): Promise<string> {
  let line = '';
  for await (const piece of stream) {
    line += String(piece);
    if (line.endsWith('\n')) break;
  }
  return line;
}

async function packed(folder: string): Promise<Archive> {
  const archive: Record<string, string> = {};
  for (const file of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (file.isFile()) archive[path.join(file.parentPath, file.name)] = (await readFile(path.join(file.parentPath, file.name))).toString('base64');
  }
  return archive;
}

async function unpack(archive: Archive, isDamaging: boolean): Promise<void> {
  for (const [index, [name, content]] of Object.entries(archive).entries()) {
    const bytes = Buffer.from(content, 'base64');
    if (isDamaging && index === 0) bytes[0] = (bytes[0] ?? 0) ^ 1;
    await mkdir(path.dirname(name), { recursive: true });
    await writeFile(name, bytes);
  }
}
