/**
 * `npm run audit:packages`: asks the registry what is known against the locked packages that operators run, and then against all, those of development too. Status 0
 * where nothing is, 1 where something is, and 2 where the registry was not asked or cannot tell (mirrors often cannot), which is no answer at all.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { auditSentence, statusOf } from './audit-answer.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const sentences = [['that operators run', '--omit=dev'], ['of development and of operators', '--include=dev']].map(([which = '', scope = '']) => {
  const { stdout } = spawnSync('npm', ['audit', scope, '--json'], { cwd: root, encoding: 'utf8' });
  return auditSentence(stdout, which);
});
for (const { sentence } of sentences) process.stdout.write(`${sentence}\n`);
process.exitCode = statusOf(sentences);
