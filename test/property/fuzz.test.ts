/** Changed files come back, and changed recipes end in order: 15 seconds of the fuzz run, outside of jest's slow loops. SPEC.md section 6.1. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';

const execute = promisify(execFile);
const program = fileURLToPath(new URL('../support/fuzz.js', import.meta.url));

describe('a fuzz run', () => {
  it('over small files of every kind finds no case that breaks a promise', async () => {
    // A failure shows the case's number: `npm run fuzz -- --case NUMBER` repeats it.
    const { stdout } = await execute(process.execPath, [program, '--seconds', '15', '--seed', '7']);
    // The program writes this very document.
    const counts = JSON.parse(stdout) as Readonly<Record<'tiles' | 'bytes' | 'joined' | 'refused', number>>;
    for (const outcome of ['tiles', 'bytes', 'joined', 'refused'] as const) expect(counts[outcome]).toBeGreaterThan(5);
  });
});
