/**
 * The file that recovery words go to. It is made before the account is made or changed, so that words are never lost for want of a file, and goes again where no
 * words came.
 */
import { open, rm, type FileHandle } from 'node:fs/promises';
import { fault } from '../core/errors.js';
import type { Context } from './context.js';
import { UsageError } from './exit-status.js';

export class WordsFile {
  #isKept = false;

  private constructor(
    private readonly path: string,
    private readonly file: FileHandle,
  ) {}

  /** Makes the file, 0600; undefined where the words are shown on the terminal. Throws `file-unwritable`, and UsageError where there is neither. */
  static async open({ surroundings }: Context, path: string | undefined): Promise<WordsFile | undefined> {
    if (path !== undefined) {
      try {
        return new WordsFile(path, await open(path, 'wx', 0o600));
      } catch (cause) {
        throw fault('file-unwritable', `The recovery words cannot be written to ${path}: it must be a new file in a folder that exists.`, cause);
      }
    }
    if (surroundings.streams.stdin.isTTY !== true) {
      throw new UsageError('the recovery words must be shown on a terminal: give --recovery-file PATH to write them to a file');
    }
    return undefined;
  }

  /** Writes the words durably. Even a part of them is kept. */
  async keep(words: string): Promise<void> {
    this.#isKept = true;
    await this.file.writeFile(`${words}\n`);
    await this.file.sync();
  }

  async close(): Promise<void> {
    await this.file.close();
    if (!this.#isKept) await rm(this.path, { force: true });
  }
}
