/**
 * Runs a snippet of a document as a program of its own: its code block is written beside the compiled tests, with the
 * package's name and the server's address put in, and run by Node.
 */
import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';

/** The first code block of `language` in a Markdown text that contains `mark`, or undefined. */
export function snippetIn(markdown: string, language: string, mark: string): string | undefined {
  const blocks = markdown.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm);
  for (const [, name, code] of blocks) if (name === language && code?.includes(mark) === true) return code;
  return undefined;
}

/** The same of a file below the project's root. */
export async function snippetOf(file: string, language: string, mark: string): Promise<string | undefined> {
  return snippetIn(await readFile(path.join(projectRoot, file), 'utf8'), language, mark);
}

/**
 * Runs TypeScript `code` in `folder`; every text of `replacements` is replaced first. Answers what it printed. Throws where
 * it ends with another status than 0.
 */
export async function runSnippet(code: string, folder: string, replacements: Readonly<Record<string, string>>): Promise<string> {
  const entry = new URL('../../client-sdk/node/index.js', import.meta.url).href;
  let text = code.replaceAll(/from ['"]dice-store['"]/g, `from '${entry}'`);
  for (const [from, to] of Object.entries(replacements)) text = text.replaceAll(from, to);
  const { outputText } = ts.transpileModule(text, { compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext } });
  const file = path.join(folder, 'snippet.mjs');
  await writeFile(file, outputText);
  try {
    return (await promisify(execFile)(process.execPath, [file], { cwd: folder, timeout: 60_000 })).stdout;
  } finally {
    await rm(file);
  }
}

/** dist/test/support lies three folders below it. */
const projectRoot = fileURLToPath(new URL('../../../', import.meta.url));
