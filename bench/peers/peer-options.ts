/**
 * The command line of the comparison with other tools.
 */
import { parseArgs } from 'node:util';
import { borgTool } from './borg-tool.js';
import { diceTool } from './dice-tool.js';
import type { LinkKind } from './link.js';
import type { PeerTool } from './peer-tool.js';
import { resticTool } from './restic-tool.js';

/** What was asked for. */
export interface PeerCommand {
  readonly folder: string;
  readonly runs: number;
  readonly links: readonly LinkKind[];
  readonly tools: readonly PeerTool[];
  /** Undefined: a tenth of the files. */
  readonly edits: number | undefined;
  readonly jsonFile: string | undefined;
}

const usage = 'npm run bench:peers -- FOLDER [--runs 5] [--link none,100,20] [--tool dice,dice-bytes,dice-bare,restic,borg] [--edits N] [--json FILE]';
/** The peers make no previews: `dice-bare` does what they do. */
const tools: readonly PeerTool[] = [
  diceTool('dice', []), diceTool('dice-bytes', ['--splitter', 'bytes']), diceTool('dice-bare', ['--splitter', 'bytes', '--no-preview']), resticTool, borgTool,
];
const roundTripMs = 20;

/** Throws with a sentence for what the arguments cannot mean. */
export function peerCommand(args: readonly string[]): PeerCommand {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      runs: { type: 'string', default: '5' },
      link: { type: 'string', default: 'none,100,20' },
      tool: { type: 'string', default: tools.map(({ name }) => name).join(',') },
      edits: { type: 'string' },
      json: { type: 'string' },
    },
  });
  const [folder, ...others] = positionals;
  if (folder === undefined || others.length > 0) throw new Error(`name one folder: ${usage}`);
  return {
    folder,
    runs: countOf('--runs', values.runs),
    links: listOf(values.link).map(linkOf),
    tools: listOf(values.tool).map(toolOf),
    edits: values.edits === undefined ? undefined : countOf('--edits', values.edits),
    jsonFile: values.json,
  };
}

function listOf(text: string): readonly string[] {
  return [...new Set(text.split(',').map((name) => name.trim()))];
}

function countOf(option: string, text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new Error(`${option} is a number from 1 on, not ${JSON.stringify(text)}`);
  return Number(text);
}

function toolOf(name: string): PeerTool {
  const found = tools.find((tool) => tool.name === name);
  if (found === undefined) throw new Error(`--tool is a list of ${tools.map((tool) => tool.name).join(', ')}, not ${JSON.stringify(name)}`);
  return found;
}

function linkOf(name: string): LinkKind {
  if (name === 'none') return { name: 'unshaped loopback', shape: undefined };
  if (!/^[1-9]\d{0,4}$/.test(name)) throw new Error(`--link is a list of none and of Mbit/s, not ${JSON.stringify(name)}`);
  return { name: `${name} Mbit/s each way, ${String(roundTripMs)} ms round trip`, shape: { bitsPerSecond: Number(name) * 1e6, roundTripMs } };
}
