import { rmSync } from 'node:fs';
import { mkdir, readFile, symlink } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import ts from 'typescript';
import { z } from 'zod';
import { repositoryText } from './compose.js';
import { temporaryFolder } from './stack.js';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));

/** Packages that a production install brings. */
export const productionPackages = (): string[] =>
  Object.keys(
    z.object({ dependencies: z.record(z.string(), z.string()) }).parse(JSON.parse(repositoryText('package.json')))
      .dependencies,
  );

/**
 * Builds the program into `folder` as `npm run build` does, with no package beside it but those under `dependencies`: an import
 * of any other fails as it would in the image.
 *
 * @param clone of another version, with its packages
 * @returns path of its launcher.
 */
export async function buildProgram(folder: string, clone = REPOSITORY): Promise<string> {
  await execa(process.execPath, [join(clone, 'bin/build.js'), '--out', folder]);
  for (const name of productionPackages()) {
    const link = join(folder, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(clone, 'node_modules', name), link);
  }
  return join(folder, 'bin/daybook.js');
}

/** One process may load this module several times: what is built once is kept on the global object. */
const shared = globalThis as { daybookTestProgram?: Promise<string> };

/** Path of the launcher of a program that is built once a process, and removed at its end. */
export const compiledProgram = (): Promise<string> => (shared.daybookTestProgram ??= buildOnce());

async function buildOnce(): Promise<string> {
  const folder = await temporaryFolder('program');
  process.once('exit', () => {
    rmSync(folder.path, { recursive: true, force: true });
  });
  return await buildProgram(folder.path);
}

/**
 * What a program, compiled or not, can import when it starts at `first`: its own modules, and packages by name.
 *
 * @param lazy modules whose dynamic imports are left out.
 */
export async function reachable(
  program: string,
  first: string,
  lazy: RegExp,
): Promise<{ modules: string[]; packages: string[] }> {
  const modules = new Set([first]);
  const packages = new Set<string>();
  // A set that grows while it is walked is walked to its end.
  for (const module of modules) {
    const { now, later } = importsOf(module, await textOf(join(program, module)));
    for (const specifier of lazy.test(module) ? now : [...now, ...later])
      if (specifier.startsWith('.')) modules.add(join(dirname(module), specifier));
      else if (!isBuiltin(specifier)) packages.add(specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/'));
  }
  return { modules: [...modules], packages: [...packages] };
}

/** A module as it was compiled, or its source. */
const textOf = (path: string) => readFile(path, 'utf8').catch(() => readFile(path.replace(/\.js$/, '.ts'), 'utf8'));

function importsOf(path: string, text: string): { now: string[]; later: string[] } {
  const now: string[] = [];
  const later: string[] = [];
  const visit = (node: ts.Node): void => {
    const isTypesOnly = ts.isImportDeclaration(node)
      ? node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
      : ts.isExportDeclaration(node) && node.isTypeOnly;
    const from =
      (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && !isTypesOnly ? node.moduleSpecifier : undefined;
    if (from && ts.isStringLiteral(from)) now.push(from.text);
    const dynamic = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
    const [argument] = dynamic ? node.arguments : [];
    if (argument && ts.isStringLiteral(argument)) later.push(argument.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.ESNext));
  return { now, later };
}
