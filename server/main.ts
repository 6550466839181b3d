/**
 * The process: reads the configuration, composes the server, listens, drains on a signal. No logic. Everything that it
 * says to the operator goes to stderr.
 */
import { composeServer, type RunningServer } from './compose.js';
import { ConfigMistakes, readConfig } from './config.js';
import { explain } from './explain.js';

const say = (text: string): void => { process.stderr.write(`${text}\n`); };

/** Finishes what is under way, then ends; a second signal ends at once. */
function drainOn(server: RunningServer): void {
  let isDraining = false;
  const drain = (): void => {
    if (isDraining) process.exit(1);
    isDraining = true;
    say('DICE Store finishes what is under way and stops.');
    server.close().then(() => { process.exit(0); }, fail);
  };
  process.on('SIGTERM', drain);
  process.on('SIGINT', drain);
}

function fail(error: unknown): void {
  if (error instanceof ConfigMistakes) say(`The configuration has mistakes:\n${error.mistakes.map((mistake) => `  - ${mistake}`).join('\n')}`);
  else say(explain(error));
  process.exit(1);
}

// Whatever is made in the data directory is the server's alone.
process.umask(0o077);
try {
  const server = await composeServer(readConfig(process.env));
  drainOn(server);
  for (const line of server.greeting) say(line);
} catch (error) {
  fail(error);
}
