/**
 * `npm run audit:packages`: asks the registry what is known against the locked packages that operators run. Status 0 where nothing is, 1 where something is, and 2 where
 * the registry was not asked or cannot tell (mirrors often cannot), which is no answer at all.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { auditSentence } from './audit-answer.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], { cwd: root, encoding: 'utf8' });
const { status, sentence } = auditSentence(stdout);
process.stdout.write(`${sentence}\n`);
process.exitCode = status;
