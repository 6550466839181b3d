/**
 * `dice-admin migrate-storage`: moves a store to other engines. The servers are stopped; what it came from is only read, and stays for the operator to remove.
 * Secrets of the place to move to come from the environment alone.
 */
import { randomBytes } from 'node:crypto';
import type { Json } from '../../client-sdk/protocol/schema.js';
import { readDestination, type Config } from '../config.js';
import type { LostRecord, MoveAnswer, MoveFigures } from '../core/moving/move-ends.js';
import { forecastMove, moveStore } from '../core/moving/move-store.js';
import { DataDirectoryError } from '../data-directory.js';
import { blockWords, indexWords, placesOf, type MovePlaces } from '../move-places.js';
import { openMove, openMoveSource } from '../open-move.js';
import { progressOnStderr } from './move-progress.js';
import { columns, exitStatus, printResult, type Bench, type ExitStatus } from './verb.js';

/** What the command line says. */
export interface MigrateOptions {
  readonly toIndex?: string;
  readonly toBlocks?: string;
  readonly toDataDir?: string;
  readonly dryRun?: boolean;
}

/** What the verb works with: no open store, for it opens both itself. */
export type MoveBench = Omit<Bench, 'store'>;

/** Status 4 where something that the old store names cannot be read there; 1 where the move was stopped, or what was written is not what was read. */
export async function migrateStorage(bench: MoveBench, options: MigrateOptions, settings: { readonly config: Config; readonly directory: string; readonly env: NodeJS.ProcessEnv }): Promise<ExitStatus> {
  const { config: { databaseUrl, bucket }, directory, env } = settings;
  const places = placesOf({ directory, databaseUrl, bucket }, {
    toIndex: oneOf('--to-index', options.toIndex, ['sqlite', 'postgres']),
    toBlocks: oneOf('--to-blocks', options.toBlocks, ['packs', 's3']),
    toDirectory: options.toDataDir,
    named: readDestination(env),
  });
  bench.say(`Moves ${places.route}`);
  return options.dryRun === true ? forecast(bench, places) : move(bench, places);
}

function oneOf<const Choice extends string>(name: string, value: string | undefined, choices: readonly Choice[]): Choice | undefined {
  if (value === undefined) return undefined;
  const choice = choices.find((candidate) => candidate === value);
  if (choice === undefined) throw new DataDirectoryError(`${name} is ${choices.join(' or ')}.`);
  return choice;
}

async function forecast(bench: MoveBench, places: MovePlaces): Promise<ExitStatus> {
  const opened = await openMoveSource(places);
  try {
    const figures = await forecastMove(opened.source, places.blocksStay);
    printResult(bench, { ...figures, rows: { ...figures.rows } }, linesOf(figures));
    return exitStatus.done;
  } finally {
    await opened.close();
  }
}

async function move(bench: MoveBench, places: MovePlaces): Promise<ExitStatus> {
  const opened = await openMove(places);
  const progress = progressOnStderr();
  try {
    const answer = await moveStore(opened.ends, {
      storeId: opened.data.storeId, route: places.route, moveId: randomBytes(16).toString('hex'), stop: bench.stop, onProgress: progress.tell,
    });
    progress.end();
    tell(bench, places, answer);
    if (answer.outcome !== 'moved') return exitStatus.failed;
    return answer.lost.length > 0 ? exitStatus.damaged : exitStatus.done;
  } finally {
    progress.end();
    await opened.close();
  }
}

function tell(bench: MoveBench, places: MovePlaces, answer: MoveAnswer): void {
  const environment = answer.outcome === 'moved' ? environmentOf(places) : [];
  printResult(bench, documentOf(answer, environment), [
    ...linesOf(answer),
    ...answer.damage.map(({ pack, offset, length }) => `damaged: ${length} bytes at ${offset} of pack ${pack}, which hold no record; left out`),
    ...answer.lost.map(sentenceOf),
  ]);
  if (answer.outcome === 'stopped') bench.say('Stopped. Run the same command again to go on.');
  if (answer.outcome === 'differs') bench.say(`Not the same on both sides: ${answer.different.join(', ')}. The new store stays closed. Run dice-admin check on the old one, then the same command again.`);
  if (answer.outcome !== 'moved') return;
  bench.say(`Every row and every pack is the same on both sides. Start the server with:\n${environment.map((line) => `  ${line}`).join('\n')}`);
  bench.say(`What it came from is as it was: ${indexWords(places.source)}${places.blocksStay ? '' : `, ${blockWords(places.source)}`}. Remove it once the new store has proved itself; never start a server on both.`);
}

function linesOf({ packs, packBytes, rows }: MoveFigures): readonly string[] {
  return columns({ packs, packBytes, ...rows });
}

/** Values are named by the variables that hold them: none is printed. */
function environmentOf({ target, blocksStay }: MovePlaces): readonly string[] {
  const index = target.databaseUrl === undefined ? 'DICE_DATABASE_URL unset' : 'DICE_DATABASE_URL = the value of DICE_TO_DATABASE_URL';
  const moved = target.bucket === undefined ? 'DICE_S3_... unset' : 'DICE_S3_... = the values of DICE_TO_S3_...';
  return [`DICE_DATA_DIR=${target.directory}`, index, blocksStay ? 'DICE_S3_... as before' : moved];
}

function sentenceOf(lost: LostRecord): string {
  if (lost.what === 'block') return `unreadable: block ${lost.rehash}, in image(s) ${lost.images.map(({ imageId }) => imageId).join(' ')}`;
  return lost.what === 'account' ? `unreadable: record of account ${lost.accountId}` : `unreadable: ${lost.what} of image ${lost.imageId}, account ${lost.accountId}`;
}

function documentOf({ rows, damage, lost, different, ...answer }: MoveAnswer, environment: readonly string[]): Json {
  return {
    ...answer,
    rows: { ...rows },
    different: [...different],
    damage: damage.map((stretch) => ({ ...stretch })),
    lost: lost.map((record) => ('images' in record ? { ...record, images: record.images.map((image) => ({ ...image })) } : { ...record })),
    environment: [...environment],
  };
}
