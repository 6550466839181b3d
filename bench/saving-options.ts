/**
 * The command line of the saving bench.
 */
import { parseArgs } from 'node:util';
import { extensionOf } from './file-set.js';
import type { SavingOptions } from './folder-saving.js';

export interface SavingCommand {
  readonly folders: readonly string[];
  readonly options: SavingOptions;
  readonly isJson: boolean;
}

export const usage =
  'npm run bench:saving -- [--domain open|personal] [--tile PIXELS] [--only png,tif] [--by-variant] [--no-others] [--json] FOLDER...';

/** Throws with a sentence for what the arguments cannot mean. */
export function savingCommand(args: readonly string[]): SavingCommand {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      domain: { type: 'string', default: 'open' },
      tile: { type: 'string' },
      only: { type: 'string' },
      'by-variant': { type: 'boolean', default: false },
      'no-others': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const domain = (['open', 'personal'] as const).find((known) => known === values.domain);
  if (domain === undefined) throw new Error('--domain is open or personal');
  if (positionals.length === 0) throw new Error(`name at least one folder: ${usage}`);
  const options = { domain, tilePixels: tilePixelsOf(values.tile), only: extensionsOf(values.only), isByVariant: values['by-variant'], hasOthers: !values['no-others'] };
  return { folders: positionals, options, isJson: values.json };
}

/** The command itself knows the bounds. */
function tilePixelsOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new Error('--tile is a number of pixels');
  return Number(text);
}

function extensionsOf(text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined;
  const extensions = text.split(',').map((ending) => extensionOf(`file.${ending.trim().replace(/^\./, '')}`));
  if (extensions.includes('none')) throw new Error('--only is a list of endings, separated by commas');
  return [...new Set(extensions)].sort();
}
