/**
 * Stubs in place of restic, rclone and borg (stub-backup.ts), in a folder that comes before all others on a path.
 */
import { chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const stub = fileURLToPath(new URL('./stub-backup.js', import.meta.url));

/** Writes them into `folder`; answers the path to look for programs on. `restic` names the stub in place of restic. */
export async function stubTools(folder: string, restic = 'restic'): Promise<string> {
  for (const [program, name] of [['restic', restic], ['rclone', 'rclone'], ['borg', 'borg']] as const) {
    await writeFile(path.join(folder, program), `#!/bin/sh\nexec "${process.execPath}" "${stub}" ${name} "$@"\n`);
    await chmod(path.join(folder, program), 0o755);
  }
  return `${folder}${path.delimiter}${process.env['PATH'] ?? ''}`;
}
