import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The module that holds a command's actions, loaded when the command runs. */
const ALLOWED = new Set(['load']);

const sources = ['src', 'activities', 'workflows'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => join(folder, path)),
);

/** Names of the functions that a module defines outside of any other function. */
function functionsOf(path: string): string[] {
  const file = ts.createSourceFile(path, readFileSync(join(ROOT, path), 'utf8'), ts.ScriptTarget.Latest);
  return file.statements.flatMap((statement) => {
    if (ts.isFunctionDeclaration(statement)) return statement.name?.text ?? [];
    if (!ts.isVariableStatement(statement)) return [];
    return statement.declarationList.declarations.flatMap(({ name, initializer }) =>
      ts.isIdentifier(name) && initializer !== undefined && ts.isArrowFunction(initializer) ? name.text : [],
    );
  });
}

test('a name of a function is the name of one function', () => {
  const places = new Map<string, string[]>();
  for (const path of sources)
    for (const name of functionsOf(path)) places.set(name, [...(places.get(name) ?? []), path]);
  expect(places.size).toBeGreaterThan(500);
  const shared = [...places].filter(([name, paths]) => paths.length > 1 && !ALLOWED.has(name));
  expect(shared.map(([name, paths]) => `${name}: ${paths.join(', ')}`)).toEqual([]);
});
