/**
 * From where to where a store is moved: read out of what the operator asked for, and refused where it makes no sense. Pure.
 */
import path from 'node:path';
import type { BucketConfig, Config } from './config.js';
import { DataDirectoryError } from './data-directory.js';

/** A place of a whole store: SQLite and packs lie in the directory, where nothing else is named. */
export interface StorePlace extends Pick<Config, 'databaseUrl' | 'bucket'> {
  readonly directory: string;
}

/** What the operator asked for. What is not named stays on its engine. */
export interface MoveWish {
  readonly toIndex: 'sqlite' | 'postgres' | undefined;
  readonly toBlocks: 'packs' | 's3' | undefined;
  readonly toDirectory: string | undefined;
  /** What the DICE_TO_ variables name. */
  readonly named: Pick<Config, 'databaseUrl' | 'bucket'>;
}

/** Where a move goes. */
export interface MovePlaces {
  readonly source: StorePlace;
  readonly target: StorePlace;
  /** The packs are not touched: both indexes name them. */
  readonly blocksStay: boolean;
  /** Both places in words, without secrets. */
  readonly route: string;
}

/** The places of a move. Throws DataDirectoryError, in a sentence for the operator. */
export function placesOf(source: StorePlace, wish: MoveWish): MovePlaces {
  const { toIndex, toBlocks, toDirectory, named } = wish;
  if (toIndex === undefined && toBlocks === undefined) throw mistaken('Say what to move: --to-index sqlite or postgres, --to-blocks packs or s3, or both.');
  const directory = toDirectory === undefined ? source.directory : path.resolve(toDirectory);
  const isPostgres = toIndex === undefined ? source.databaseUrl !== undefined : toIndex === 'postgres';
  const databaseUrl = isPostgres ? named.databaseUrl : undefined;
  const blocksStay = toBlocks === undefined;
  const bucket = blocksStay ? source.bucket : toBlocks === 's3' ? named.bucket : undefined;
  if (isPostgres && databaseUrl === undefined) throw mistaken(postgresSentence(toIndex === undefined));
  if (toBlocks === 's3' && bucket === undefined) throw mistaken('Set DICE_TO_S3_BUCKET, DICE_TO_S3_ACCESS_KEY_ID and DICE_TO_S3_SECRET_ACCESS_KEY to the bucket to move to.');
  const target = { directory, databaseUrl, bucket };
  refuseSame(source, target, blocksStay);
  return { source, target, blocksStay, route: `from ${wordsOf(source)} to ${wordsOf(target)}${blocksStay ? ' (blocks stay)' : ''}` };
}

/** A place in words, without secrets. */
export function wordsOf(place: StorePlace): string {
  return `${indexWords(place)} and ${blockWords(place)}`;
}

export function indexWords({ directory, databaseUrl }: StorePlace): string {
  return databaseUrl === undefined ? `SQLite in ${path.join(directory, 'dice.db')}` : `PostgreSQL ${databaseWords(databaseUrl)}`;
}

export function blockWords({ directory, bucket }: StorePlace): string {
  return bucket === undefined ? `packs in ${path.join(directory, 'packs')}` : `bucket ${bucketWords(bucket)}`;
}

function refuseSame(source: StorePlace, target: StorePlace, blocksStay: boolean): void {
  if (indexWords(source) === indexWords(target)) {
    throw mistaken(
      target.databaseUrl === undefined
        ? `The index lies in ${path.join(source.directory, 'dice.db')} already. Blocks that move need an index of their own: name another, empty directory with --to-data-dir.`
        : 'DICE_TO_DATABASE_URL names the database that the index lies in already. Name another, empty one.',
    );
  }
  if (!blocksStay && blockWords(source) === blockWords(target)) throw mistaken(`The blocks are ${blockWords(source)} already. Leave --to-blocks out, or name another place.`);
  if (blocksStay && source.bucket === undefined && source.directory !== target.directory) {
    throw mistaken('The packs lie in the data directory: with --to-data-dir, say --to-blocks packs (or s3) too.');
  }
}

function postgresSentence(isStaying: boolean): string {
  const why = isStaying ? ' Blocks that move need an index of their own.' : '';
  return `Set DICE_TO_DATABASE_URL to the database to move to, such as postgres://dice:password@127.0.0.1:5432/dice.${why}`;
}

function databaseWords(databaseUrl: string): string {
  const { hostname, port, pathname } = new URL(databaseUrl);
  return `${hostname}:${port === '' ? '5432' : port}${pathname}`;
}

function bucketWords({ endpoint, region, bucket, prefix }: BucketConfig): string {
  return `${bucket}/${prefix} at ${endpoint === undefined ? region : endpoint.host}`;
}

function mistaken(message: string): DataDirectoryError {
  return new DataDirectoryError(message);
}
