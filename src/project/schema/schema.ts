import type { ClickHouse } from '../../clickhouse/client.js';
import { final, messageOf } from '../../errors.js';
import { describeProblems, error, errorsOf } from '../problems.js';
import type { Problem, Project, Schema, SqlFile, TableSchema } from '../project.js';
import { dayReadProblems, dayZoneProblems } from './day-rules.js';
import { engineProblem } from './engine-problem.js';
import {
  createTable,
  inspectSelect,
  inspectTables,
  replaceContract,
  sourcesOf,
  type InspectedTable,
  type Scratch,
} from './inspect.js';
import { levels } from './order.js';
import { withScratch } from './scratch.js';
import {
  nonDeterministicProblems,
  columnProblems,
  dictionaryProblems,
  inputsOf,
  placeOfRowProblems,
  readProblems,
  reasonProblems,
  rowByRowProblems,
  selfProblems,
} from './select-rules.js';
import {
  constraintProblems,
  contractProblems,
  normalizedProblems,
  tableProblems,
  unfilledKeyProblems,
} from './table-rules.js';
import { fittingProblems, storedProblems, unionProblems, unorderedProblems } from './value-rules.js';
import { widthProblems } from './width-rules.js';

/**
 * Lets the engine analyze the project's SQL in a scratch database, which is dropped afterwards. Throws `BadSql` with all problems
 * that prevent a build; errors that a retry may resolve are thrown unchanged.
 */
export async function readSchema(project: Project, clickhouse: ClickHouse): Promise<Schema> {
  const { schema, problems } = await inspectSchema(project, clickhouse);
  const errors = errorsOf(problems);
  if (errors.length > 0)
    throw final('BadSql', describeProblems(`the SQL of project ${project.config.project}`, errors));
  return schema;
}

/** Like {@link readSchema}, but returns the problems, including warnings; the schema is complete only if none is an error. */
export const inspectSchema = (
  project: Project,
  clickhouse: ClickHouse,
): Promise<{ schema: Schema; problems: Problem[] }> =>
  withScratch(clickhouse, project.config.project, async (database) => {
    const scratch = { clickhouse, database, zone: project.config.timezone };
    const made = await makeTables(project, scratch);
    const { problems } = made;
    const readable = new Set([...project.normalized, ...project.aggregates].map(({ name }) => name));
    const notCreated = kindsOf(project)
      .flatMap(([kind, files]) => files.map((file) => tableName(kind, file)))
      .filter((name) => !made.tables.has(name));

    const dictionaries = new Set<string>();
    const read = async (file: SqlFile, kind: TableSchema['kind'] | 'test') => {
      const { allowFunctions, database: live } = project.config;
      const result = await readSelect(scratch, file, kind, { tables: made.tables, readable, allowFunctions, live });
      // The problem of a table that could not be created is already in the list.
      problems.push(...result.problems.filter(({ what }) => !notCreated.some((name) => what.includes(`'${name}'`))));
      for (const dictionary of result.dictionaries) dictionaries.add(dictionary);
      return result;
    };
    const tables: TableSchema[] = [];
    for (const [kind, files] of kindsOf(project))
      for (const file of files) {
        const inspected = made.tables.get(tableName(kind, file));
        if (!inspected) continue;
        const { columns, constraints, definition } = inspected;
        const { selected, inputs } = kind === 'raw' ? { selected: [], inputs: [] } : await read(file, kind);
        tables.push({
          name: tableName(kind, file),
          kind,
          file,
          columns,
          constraints,
          definition,
          selected,
          inputs,
          level: -1,
        });
      }
    const tests: Schema['tests'] = [];
    for (const file of project.tests) tests.push({ file, inputs: (await read(file, 'test')).inputs });

    for (const table of tables.filter(({ kind }) => kind === 'normalized')) {
      problems.push(...unfilledKeyProblems(table, project.config.sources[table.name]?.dedupeBy ?? []));
      const raw = tables.find(({ name }) => name === `raw_${table.name}`);
      if (raw && errorsOf(problems).length === 0) problems.push(...widthProblems(raw, table));
    }
    problems.push(...setLevels(tables));
    tables.sort((a, b) => a.level - b.level || (a.name < b.name ? -1 : 1));
    return { schema: { tables, tests, dictionaries: [...dictionaries].sort(), functions: {} }, problems };
  });

const kindsOf = ({ raw, normalized, aggregates }: Project): [TableSchema['kind'], SqlFile[]][] => [
  ['raw', raw],
  ['normalized', normalized],
  ['aggregate', aggregates],
];

const tableName = (kind: TableSchema['kind'], { name }: SqlFile) => (kind === 'raw' ? `raw_${name}` : name);

/** Creates every table and inspects it, then replaces each contract by the table that the normalizing SELECT sees. */
async function makeTables(
  project: Project,
  scratch: Scratch,
): Promise<{ tables: Map<string, InspectedTable>; problems: Problem[] }> {
  const problems: Problem[] = [];
  for (const { path, create, text } of kindsOf(project).flatMap(([, files]) => files))
    await createTable(scratch, create, path).catch((thrown: unknown) => {
      problems.push(engineProblem(thrown, { path, text, statement: create, wrapped: 0 }, scratch.database, []));
    });
  const tables = await inspectTables(scratch);
  for (const file of project.raw) {
    const contract = tables.get(tableName('raw', file));
    if (!contract) continue;
    const found = contractProblems(file, contract, project.config.sources[file.name]?.format);
    problems.push(...found);
    if (found.length === 0) await replaceContract(scratch, tableName('raw', file), contract.columns);
  }
  for (const file of [...project.normalized, ...project.aggregates]) {
    const table = tables.get(file.name);
    if (table) problems.push(...tableProblems(file, table));
  }
  for (const { name, path } of project.normalized) {
    const table = tables.get(name);
    const dedupeBy = project.config.sources[name]?.dedupeBy ?? [];
    if (table) problems.push(...normalizedProblems(path, table.columns, dedupeBy, name));
  }
  return { tables, problems };
}

/** What a SELECT may read. */
interface Readable {
  tables: ReadonlyMap<string, InspectedTable>;
  /** Names of the tables that models and tests may read. */
  readable: ReadonlySet<string>;
  allowFunctions: readonly string[];
  /** The database that readers see. */
  live: string;
}

async function readSelect(
  scratch: Scratch,
  file: SqlFile,
  kind: TableSchema['kind'] | 'test',
  { tables, readable, allowFunctions, live }: Readable,
): Promise<Pick<TableSchema, 'selected' | 'inputs'> & { dictionaries: string[]; problems: Problem[] }> {
  const { path, name } = file;
  const { database } = scratch;
  const raw = `raw_${name}`;
  try {
    const { selected, tree } = await inspectSelect(scratch, file.select, { what: path, day: kind !== 'normalized' });
    const table = tables.get(name);
    const columns = table?.columns ?? [];
    const sources = (await sourcesOf(scratch, tree.dictionaries)).filter((source) => source.database === live);
    const own = sources.filter((source) => readable.has(source.table));
    const named = new Set([...tables.values()].flatMap((one) => one.columns.map((column) => column.name)));
    const problems = [
      ...nonDeterministicProblems(file, tree),
      ...placeOfRowProblems(file, tree, named),
      ...dictionaryProblems(path, kind, own),
    ];
    if (kind === 'normalized') {
      problems.push(...rowByRowProblems(path, raw, database, tree));
      const free = ['_source', 'skip_reason', 'reject_reason'];
      problems.push(...columnProblems(path, columns, selected, { free, filled: ['_object', '_line'] }));
      problems.push(...reasonProblems(path, selected), ...storedProblems(path, columns, selected));
      problems.push(...dayZoneProblems(file, tree, scratch.zone, selected));
      problems.push(...fittingProblems(file, columns, selected, kind));
      if (table) problems.push(...constraintProblems(path, table, selected));
      if (!selected.some((column) => column.name === '_source'))
        problems.push(
          error(
            path,
            'the SELECT does not return _source, which links rows to their raw lines',
            `Add _source to the SELECT.`,
          ),
        );
      return { selected, inputs: [], dictionaries: tree.dictionaries, problems };
    }
    problems.push(...readProblems(path, database, tree, readable, allowFunctions));
    problems.push(...dayReadProblems(file), ...unionProblems(file, tree));
    if (kind === 'aggregate')
      problems.push(
        ...columnProblems(path, columns, selected, { free: [], filled: [] }),
        ...fittingProblems(file, columns, selected, kind),
        ...unorderedProblems(file, tree),
      );
    const inputs = inputsOf(database, tree, readable);
    problems.push(...selfProblems(path, name, file.header.lookback, kind === 'aggregate' ? inputs : []));
    return { selected, inputs, dictionaries: tree.dictionaries, problems };
  } catch (thrown) {
    const known = kind === 'normalized' ? [raw] : [...readable].sort();
    const statement = { path, text: file.text, statement: file.select, wrapped: 1 };
    return {
      selected: [],
      inputs: [],
      dictionaries: [],
      problems: [engineProblem(thrown, statement, database, known)],
    };
  }
}

/** Sets the level of every table except raw ones; reports a circular dependency with its path. */
function setLevels(tables: TableSchema[]): Problem[] {
  const inputs = new Map(
    tables
      .filter(({ kind }) => kind !== 'raw')
      .map(({ name, inputs }) => [name, inputs.filter((input) => input !== name)]),
  );
  try {
    const found = levels(inputs);
    for (const table of tables) table.level = found.get(table.name) ?? -1;
    return [];
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown;
    const path = messageOf(thrown);
    const [first = ''] = path.split(' -> ');
    const where = tables.find(({ name }) => name === first)?.file.path ?? first;
    return [error(where, `has a circular dependency: ${path}`, 'Remove one of these reads.')];
  }
}
