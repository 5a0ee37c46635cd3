import { error } from '../problems.js';
import type { Problem, SqlFile } from '../project.js';
import { readHeader, type SqlKind } from './header.js';
import { createProblems, selectProblems } from './statement-rules.js';
import { statementsOf, type SqlStatement } from './tokens.js';

/** Valid names of tables, sources and tests. */
const NAME = /^[a-z][a-z0-9_]{0,62}$/;

/** The expected content of the files in each folder. */
const CONTENT: Record<SqlKind, string> = {
  raw: 'one statement: CREATE TABLE',
  normalized: 'two statements: CREATE TABLE, then SELECT',
  aggregates: 'two statements: CREATE TABLE, then SELECT',
  tests: 'one statement: SELECT',
};

/**
 * Splits one file of `sql/<kind>/` into its options and its statements, as the user wrote them, and checks what is possible
 * without an engine. `path` is relative to the project's folder and ends in `<name>.sql`.
 *
 * @param allowed table functions that the config allows
 */
export function readSqlFile(
  path: string,
  kind: SqlKind,
  sql: string,
  allowed: readonly string[] = [],
): { file: SqlFile; problems: Problem[] } {
  const name = path.replace(/^.*\//, '').replace(/\.sql$/, '');
  const { header, problems } = readHeader(path, kind, sql);
  if (!NAME.test(name))
    problems.push(
      error(
        path,
        `found the name '${name}', expected a lower-case letter, then up to 62 of a-z, 0-9, _`,
        'Rename the file.',
      ),
    );
  const statements = statementsOf(sql);
  const create = statements.find((statement) => kindOf(statement) === 'create');
  const select = statements.find((statement) => kindOf(statement) === 'select');
  const found = statements.map(kindOf);
  const expected = kind === 'raw' ? ['create'] : kind === 'tests' ? ['select'] : ['create', 'select'];
  if (found.join() !== expected.join())
    problems.push(
      error(
        path,
        `found ${describeStatements(statements)}, expected ${CONTENT[kind]}`,
        `Keep only these in a file under sql/${kind}/.`,
      ),
    );
  if (create && kind !== 'tests')
    problems.push(...createProblems(path, kind === 'raw' ? `raw_${name}` : name, kind === 'raw', create, allowed));
  if (select) problems.push(...selectProblems(path, select, allowed));
  return { file: { path, name, header, create: create?.text ?? '', select: select?.text ?? '', text: sql }, problems };
}

function kindOf({ tokens }: SqlStatement): 'create' | 'select' | 'other' {
  const [first, second] = tokens.map(({ text }) => text.toUpperCase());
  if (first === 'CREATE' && second === 'TABLE') return 'create';
  return first === 'SELECT' || first === 'WITH' ? 'select' : 'other';
}

function describeStatements(statements: SqlStatement[]): string {
  const heads = statements.map((statement) => {
    const words = statement.tokens.slice(0, kindOf(statement) === 'select' ? 1 : 2);
    return words.map(({ text }) => text).join(' ');
  });
  return heads.length === 0 ? 'no statement' : heads.join('; ');
}
