/**
 * A network of the bench's own: its loopback carries nothing but the tools' bytes, so that the interface counts them and no
 * relay takes processor time from them. Needs Linux, root, `unshare` and `ip`; the bench goes on without it elsewhere.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';

const marker = 'PEERS_OWN_NETWORK';
const raiseLoopback = 'ip link set lo up && exec "$@"';

/** Whether this process runs inside such a network. */
export function hasOwnNetwork(): boolean {
  return process.env[marker] === '1';
}

/** Runs this very command again inside a network of its own and answers its exit status; undefined where that cannot be had, or is there already. */
export async function runInOwnNetwork(): Promise<number | undefined> {
  if (hasOwnNetwork() || spawnSync('unshare', ['-n', 'sh', '-c', raiseLoopback, 'sh', 'true']).status !== 0) return undefined;
  const args = ['-n', 'sh', '-c', raiseLoopback, 'sh', process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const child = spawn('unshare', args, { env: { ...process.env, [marker]: '1' }, stdio: 'inherit' });
  // A terminal tells the whole group; a signal to this process alone has to be passed on.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => { child.kill(signal); });
  const [status] = (await once(child, 'exit')) as [number | null];
  return status ?? 1;
}

/** Bytes that loopback carried so far, each counted once, with headers of IP and TCP. */
export async function loopbackBytes(): Promise<number> {
  const counters = await readFile('/proc/self/net/dev', 'utf8');
  return Number(/^\s*lo:\s*(\d+)/m.exec(counters)?.[1] ?? 0);
}
