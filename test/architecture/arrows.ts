/**
 * The arrow table: which layer may import which, and which packages. Reads TypeScript by its syntax tree, so
 * that computed imports, type imports and bare imports count too. What is not listed is refused.
 */
import path from 'node:path';
import ts from 'typescript';

/** One layer: where it lies, what it may import beside itself, which packages, whether the world is passed in. */
export interface Layer {
  readonly name: string;
  readonly has: RegExp;
  readonly imports: readonly string[];
  readonly packages: readonly string[];
  readonly isPure: boolean;
}

const layer = (name: string, has: RegExp, arrows: Partial<Omit<Layer, 'name' | 'has'>>): Layer => {
  return { name, has, imports: [], packages: [], isPure: false, ...arrows };
};

const sdk = ['client-sdk', 'core', 'protocol'];

/** First match wins. */
export const layers: readonly Layer[] = [
  layer('protocol', /^client-sdk\/protocol\//, { isPure: true }),
  layer('core', /^client-sdk\/core\//, { imports: ['protocol'], packages: ['@noble/hashes', '@noble/ciphers', '@noble/curves', '@scure/bip39', 'pako'], isPure: true }),
  layer('client-sdk', /^client-sdk\/[^/]+\.ts$/, { imports: ['core', 'protocol'] }),
  layer('node', /^client-sdk\/node\//, { imports: sdk, packages: ['node:', 'sharp', 'better-sqlite3'] }),
  layer('cli', /^client-sdk\/cli\//, { imports: [...sdk, 'node'], packages: ['node:', 'commander', 'cli-progress', 'qr'] }),
  layer('browser', /^client-sdk\/browser\//, { imports: sdk, packages: ['client-zip'] }),
  layer('ports', /^server\/ports\//, { imports: ['protocol'], isPure: true }),
  layer('server/core', /^server\/core\//, { imports: ['ports', 'protocol'], packages: ['@noble/hashes', 'otpauth', 'qr'], isPure: true }),
  layer('storage/record-format', /^server\/storage\/record-format\//, { imports: ['ports', 'protocol'] }),
  layer('storage/packs', /^server\/storage\/packs\//, { imports: ['ports', 'protocol', 'storage/record-format'], packages: ['node:', 'wasm-reed-solomon-erasure'] }),
  layer('storage/sqlite', /^server\/storage\/sqlite\//, { imports: ['ports', 'protocol'], packages: ['node:', 'better-sqlite3'] }),
  layer('storage/postgres', /^server\/storage\/postgres\//, { imports: ['ports', 'protocol'], packages: ['node:', 'pg'] }),
  layer('storage/s3', /^server\/storage\/s3\//, { imports: ['ports', 'protocol', 'storage/record-format'], packages: ['node:', '@aws-sdk/client-s3'] }),
  layer('http', /^server\/http\//, {
    imports: ['server/core', 'ports', 'protocol'],
    packages: ['node:', 'express', 'passport', 'passport-http-bearer', 'ejs', 'helmet', 'express-rate-limit', 'pino'],
  }),
  layer('server/metrics', /^server\/metrics\//, { imports: ['ports'], packages: ['node:', 'prom-client'] }),
  layer('server', /^server\/([^/]+\.ts$|cli\/|backup\/)/, {
    imports: ['ports', 'server/core', 'storage/packs', 'storage/sqlite', 'storage/postgres', 'storage/s3', 'http', 'server/metrics', 'protocol'],
    packages: ['node:', 'commander', 'pino'],
  }),
  layer('views/pages', /^views\/pages\//, { imports: ['browser', 'protocol'] }),
  layer('bench', /^bench\//, { imports: ['*'], packages: ['*'] }),
  layer('test', /^test\//, { imports: ['*'], packages: ['*'] }),
];

/** Names of the world that a pure layer takes as parameters instead. */
const ambient = new Set([
  'Date.now', 'Math.random', 'performance.now', 'process', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask',
  'crypto', 'fetch', 'require', 'console', 'globalThis', 'Buffer',
]);

/** All that a set of files (path below the root to text) does against the table, one sentence each. */
export function violations(files: ReadonlyMap<string, string>): readonly string[] {
  const graph = new Map<string, readonly string[]>();
  const found: string[] = [];
  for (const [file, text] of files) {
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
    const imports = importsOf(source);
    graph.set(file, imports.flatMap((specifier) => (specifier.startsWith('.') ? [resolved(file, specifier)] : [])));
    found.push(...judge(file, imports), ...ambientUses(file, source));
  }
  return [...found, ...cycles(graph)];
}

function judge(file: string, imports: readonly string[]): readonly string[] {
  const from = layers.find((candidate) => candidate.has.test(file));
  if (from === undefined) return [`${file} lies in no layer`];
  return imports.flatMap((specifier) => {
    if (specifier === computed) return [`${file} computes what it imports`];
    const why = specifier.startsWith('.') ? judgeFile(from, resolved(file, specifier)) : judgePackage(from, specifier);
    return why === undefined ? [] : [`${file} ${why}`];
  });
}

function judgeFile(from: Layer, target: string): string | undefined {
  const to = layers.find((candidate) => candidate.has.test(target));
  if (to === undefined) return `imports ${target}, which lies in no layer`;
  if (to === from || from.imports.includes('*') || from.imports.includes(to.name)) return undefined;
  return `imports ${target}: ${from.name} may not import ${to.name}`;
}

function judgePackage(from: Layer, specifier: string): string | undefined {
  const isAllowed = from.packages.some(
    (allowed) => allowed === '*' || specifier === allowed || specifier.startsWith(allowed === 'node:' ? allowed : `${allowed}/`),
  );
  return isAllowed ? undefined : `imports the package ${specifier}, which ${from.name} may not`;
}

const computed = '\0computed';

function importsOf(source: ts.SourceFile): readonly string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const specifier = specifierOf(node);
    if (specifier !== undefined) found.push(ts.isStringLiteralLike(specifier) ? specifier.text : computed);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function specifierOf(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isImportTypeNode(node)) return ts.isLiteralTypeNode(node.argument) ? node.argument.literal : node.argument;
  const isCall = ts.isCallExpression(node) && (node.expression.kind === ts.SyntaxKind.ImportKeyword || node.expression.getText() === 'require');
  return isCall ? node.arguments[0] : undefined;
}

function resolved(file: string, specifier: string): string {
  return path.posix.normalize(path.posix.join(path.posix.dirname(file), specifier)).replace(/\.js$/, '.ts');
}

function ambientUses(file: string, source: ts.SourceFile): readonly string[] {
  if (layers.find((candidate) => candidate.has.test(file))?.isPure !== true) return [];
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const name = ambientName(node);
    if (name !== undefined) found.push(`${file} uses ${name}: pass it in`);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function ambientName(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node) && ambient.has(node.getText())) return node.getText();
  if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && (node.arguments ?? []).length === 0) return 'new Date()';
  if (!ts.isIdentifier(node) || !ambient.has(node.text) || isOnlyAName(node)) return undefined;
  return node.text;
}

/** A member, parameter, label or declared thing that merely shares a name with the world. */
function isOnlyAName(node: ts.Identifier): boolean {
  const parent = node.parent;
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node;
  const isNamed = 'name' in parent && parent.name === node;
  return isNamed || ts.isTypeReferenceNode(parent) || ts.isImportSpecifier(parent) || ts.isQualifiedName(parent) || isLocal(node);
}

/** Declared as a parameter or variable somewhere around the use. */
function isLocal(node: ts.Identifier): boolean {
  for (let scope: ts.Node | undefined = node.parent; scope !== undefined; scope = scope.parent as ts.Node | undefined) {
    if (ts.isFunctionLike(scope) && scope.parameters.some((parameter) => parameter.name.getText().split(/\W+/).includes(node.text))) return true;
  }
  return false;
}

function cycles(graph: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const done = new Set<string>();
  const found: string[] = [];
  const walk = (file: string, trail: readonly string[]): void => {
    if (trail.includes(file)) found.push(`cycle: ${[...trail.slice(trail.indexOf(file)), file].join(' -> ')}`);
    if (done.has(file) || trail.includes(file)) return;
    for (const next of graph.get(file) ?? []) walk(next, [...trail, file]);
    done.add(file);
  };
  for (const file of graph.keys()) walk(file, []);
  return found;
}
