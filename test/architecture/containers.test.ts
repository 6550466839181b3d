/**
 * compose.yaml and Dockerfile fit the server: its own configuration reads what they set. Docker does not run here; the guard is tested on what it must refuse.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { startServer } from '../support/running-server.js';
import { composeFaults, dockerfileFaults, healthScript } from './containers.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const textOf = (name: string): string => readFileSync(path.join(root, name), 'utf8');
const compose = textOf('compose.yaml');
const example = textOf('.env.example');
const dockerfile = textOf('Dockerfile');
const ignored = textOf('.dockerignore');
const names = readdirSync(root);

describe('compose.yaml', () => {
  it('sets nothing that the server does not know, pins every image, and each profile is whole', () => {
    expect(composeFaults(compose, example)).toEqual([]);
  });

  it.each([
    ['a variable that the server does not know', 'DICE_S3_BUCKET:', 'DICE_S3_BUKET:', /DICE_S3_BUKET is not a variable of this server/],
    ['a value that the server does not take', "DICE_DRAIN_SECONDS: '10'", "DICE_DRAIN_SECONDS: 10s", /DICE_DRAIN_SECONDS must be a whole number/],
    ['an image of any version', 'postgres:17.6-bookworm', 'postgres:latest', /postgres:latest is not pinned/],
    ['an image by half a digest', 'postgres:17.6-bookworm', 'postgres:17.6-bookworm@sha256:0123', /@sha256:0123 is not pinned/],
    ['an image without a tag', 'caddy:2.10.2-alpine', 'caddy', /caddy is not pinned/],
    ['a service that another profile has', 'postgres: { condition: service_healthy }', 'dice: { condition: service_healthy }', /dice-1 needs dice, which its profile has not/],
    ['a volume that is none', "volumes: ['blocks:/data']", "volumes: ['./blocks:/data']", /no volume/],
    ['a variable that nobody explains', '${SIGNUP:-invite}', '${SIGN_UP:-invite}', /SIGN_UP is used and not in \.env\.example/],
    ['a file system that can be written to', 'read_only: true\n  tmpfs', 'read_only: false\n  tmpfs', /may write/],
    ['a capability that is given back', 'cap_drop: [ALL]\n  security_opt', 'cap_drop: [ALL]\n  cap_add: [SYS_PTRACE]\n  security_opt', /dice has|dice may write/],
    ['new privileges for the server', "security_opt: ['no-new-privileges:true']\n  # Longer", '# Longer', /dice may gain privileges/],
    ['new privileges for another service', "    security_opt: ['no-new-privileges:true']\n\nconfigs", '\nconfigs', /balancer may gain privileges/],
    ['a privileged container', 'profiles: [simple]', 'profiles: [simple]\n    privileged: true', /dice reaches the machine/],
    ["the machine's network", 'profiles: [simple]', 'profiles: [simple]\n    network_mode: host', /dice reaches the machine/],
    ['nowhere to put what is passing', 'tmpfs: [/tmp]\n  cap_drop', 'cap_drop', /dice has not \/tmp in memory/],
    ['root in the container', 'profiles: [simple]', "profiles: [simple]\n    user: '0'", /another user than its image says/],
    ['a grace that a drain outlasts', 'stop_grace_period: 40s', 'stop_grace_period: 25s', /dice-1 is killed before it has drained/],
  ])('is refused with %s', (...row) => {
    const [, from, to, why] = row;
    expect(compose).toContain(from);
    expect(composeFaults(compose.replace(from, () => to), example).join('\n')).toMatch(why);
  });

  it('may name an image by its digest too', () => {
    const image = 'postgres:17.6-bookworm';
    expect(compose).toContain(image);
    expect(composeFaults(compose.replace(image, `$&@sha256:${'0a'.repeat(32)}`), example)).toEqual([]);
  });

  it('is refused with an example that holds a secret', () => {
    expect(example).toContain('POSTGRES_PASSWORD=');
    expect(composeFaults(compose, example.replace('POSTGRES_PASSWORD=', 'POSTGRES_PASSWORD=sesame'))).toEqual(['POSTGRES_PASSWORD has a value in .env.example']);
  });
});

describe('Dockerfile', () => {
  it('copies what is sent to the builder and nothing else, from pinned images, and runs without rights', () => {
    expect(dockerfileFaults(dockerfile, ignored, names)).toEqual([]);
  });

  it.each([
    ['USER node', 'USER root', /runs as root/],
    ['COPY migrations migrations', 'COPY migrations data migrations', /data is copied and ignored/],
    ['node:20.20.2-bookworm-slim', 'node:22.1.0-slim', /different versions/],
    ['node:20.20.2-bookworm AS', 'node AS', /not pinned/],
    ['COPY views views\n', '', /views is sent and not copied/],
  ])('is refused with another line in place of %j', (from, to, why) => {
    expect(dockerfile).toContain(from);
    expect(dockerfileFaults(dockerfile.replace(from, () => to), ignored, names).join('\n')).toMatch(why);
  });

  it('asks with its health check whether the server is ready', async () => {
    const script = healthScript(dockerfile);
    const statusOn = async (port: number): Promise<unknown> => {
      const [status] = (await once(spawn(process.execPath, ['-e', script], { env: { PORT: String(port) }, stdio: 'ignore' }), 'exit')) as [unknown]; // its status comes first
      return status;
    };
    const server = await startServer({ drainMs: 2_500 });
    expect(await statusOn(server.port)).toBe(0);
    const stopped = server.close();
    expect(await statusOn(server.port)).toBe(1);
    await stopped;
    expect(await statusOn(server.port)).toBe(1);
  });
});
