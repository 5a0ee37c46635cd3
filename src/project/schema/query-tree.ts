/**
 * A SELECT, parsed from the engine's `EXPLAIN QUERY TREE`: names are resolved, common table expressions and aliases expanded,
 * constants shown with the expression that they come from.
 */
export interface QueryTree {
  /** Tables read anywhere, as `database.table`, each once, sorted; without `system.one`, which a SELECT without FROM reads. */
  tables: string[];
  /** Table functions read anywhere, each once. */
  tableFunctions: string[];
  /** Functions called anywhere, each once. */
  functions: { name: string; type: string }[];
  /** Dictionaries read by `dictGet` and similar functions, as named there, each once. */
  dictionaries: string[];
  /** Clauses of the outermost SELECT other than its columns and FROM, as the engine names them: `WHERE`, `GROUP BY`, `DISTINCT`. */
  clauses: string[];
  /** The outermost FROM: `TABLE`, `JOIN`, `ARRAY_JOIN` or `QUERY`; `UNION` for a union of several SELECTs. */
  from: string;
  /** Calls of `toDate`, and casts to a date, that use the zone of their argument. `column` is '' for an expression. */
  dayCuts: { column: string; zone: string }[];
  /** The names of the columns of each SELECT of a UNION, INTERSECT or EXCEPT, for each of these anywhere. */
  unions: string[][][];
  /** Number of SELECTs inside the outermost one. */
  subqueries: number;
  /** Columns with names that begin with `_`, each once: what ClickHouse says about the place of a row, or columns of the tables. */
  underscored: string[];
}

const NODE = /^( *)([A-Z_]+) id: \d+(.*)$/;
const SECTION = /^ {2}([A-Z][A-Z ]*[A-Z])\b/;
const PLAIN_SECTIONS = new Set(['PROJECTION COLUMNS', 'PROJECTION', 'JOIN TREE', 'WINDOW', 'QUERIES']);

/** Parses the lines of `EXPLAIN QUERY TREE run_passes=1`. */
export function parseQueryTree(lines: readonly string[]): QueryTree {
  const tables = new Set<string>();
  const tableFunctions = new Set<string>();
  const functions = new Map<string, string>();
  const clauses = new Set<string>();
  const dictionaries = new Set<string>();
  const underscored = new Set<string>();
  let isDictGet = false;
  let subqueries = -1;
  let from = '';
  let section = '';
  for (const line of lines) {
    const [, indent = '', kind, rest = ''] = NODE.exec(line) ?? [];
    if (kind === undefined) {
      section = SECTION.exec(line)?.[1] ?? section;
      if (SECTION.test(line) && !PLAIN_SECTIONS.has(section)) clauses.add(section);
      continue;
    }
    if (indent === '') {
      for (const clause of flagsOf(rest)) clauses.add(clause);
      if (kind === 'UNION') from = kind;
    }
    if (kind === 'QUERY' || kind === 'UNION') subqueries++;
    if (from === '' && section === 'JOIN TREE' && indent.length === 4) from = kind;
    if (kind === 'TABLE') tables.add(field(rest, 'table_name'));
    if (kind === 'TABLE' && / (?:final|sample_size)/.test(rest)) clauses.add('FINAL or SAMPLE');
    if (kind === 'COLUMN' && field(rest, 'column_name').startsWith('_')) underscored.add(field(rest, 'column_name'));
    if (kind === 'TABLE_FUNCTION') tableFunctions.add(field(rest, 'table_function_name'));
    if (kind === 'FUNCTION') {
      functions.set(field(rest, 'function_name'), field(rest, 'function_type'));
      isDictGet = /^dict[A-Z]/.test(field(rest, 'function_name'));
    }
    // The first argument of such a function is the dictionary's name.
    if (kind === 'CONSTANT' && isDictGet) {
      dictionaries.add(field(rest, 'constant_value').replaceAll("'", ''));
      isDictGet = false;
    }
  }
  tables.delete('system.one');
  return {
    tables: [...tables].filter((table) => !table.startsWith('_temporary_and_external_tables.')).sort(),
    tableFunctions: [...tableFunctions],
    functions: [...functions].map(([name, type]) => ({ name, type })),
    dictionaries: [...dictionaries],
    clauses: [...clauses],
    from,
    subqueries,
    underscored: [...underscored],
    dayCuts: dayCutsIn(lines),
    unions: unionsIn(lines),
  };
}

/** A SELECT of a UNION is three levels below it, and so is the list of its columns below the SELECT, as in `  day Nullable(Date)`. */
function unionsIn(lines: readonly string[]): string[][][] {
  const indentOf = (line: string) => line.search(/\S/);
  const below = (at: number) => {
    const rest = lines.slice(at + 1);
    const end = rest.findIndex((line) => indentOf(line) <= indentOf(lines[at] ?? ''));
    return end < 0 ? rest : rest.slice(0, end);
  };
  const columns = (part: readonly string[]) => {
    const from = part.findIndex((line) => line.trim() === 'PROJECTION COLUMNS') + 1;
    const names = part.slice(from).map((line) => /^ *(.+?) [A-Z]\w*(?:\(.*\))?$/.exec(line)?.[1]);
    return names
      .slice(
        0,
        part.slice(from).findIndex((line) => line.trim() === 'PROJECTION'),
      )
      .map((one) => one ?? '');
  };
  return lines.flatMap((line, at) => {
    if (!/^ *UNION id: /.test(line)) return [];
    const selects = [...lines.keys()].filter(
      (index) =>
        index > at &&
        index <= at + below(at).length &&
        indentOf(lines[index] ?? '') === indentOf(line) + 6 &&
        /^ *QUERY id: /.test(lines[index] ?? ''),
    );
    return [selects.map((index) => columns(below(index)))];
  });
}

/** Matches a cast to a date: `CAST(ts AS Date)`, `ts::Date`. */
const DATE_CAST = /function_name: (?:CAST|accurateCast\w*),.* result_type: (?:Nullable\()?Date(?:32)?\b/;

/** Finds these calls. The first argument is three lines below the call, after `ARGUMENTS` and `LIST … nodes: N`. */
function dayCutsIn(lines: readonly string[]): QueryTree['dayCuts'] {
  return lines.flatMap((line, index) => {
    const own = /function_name: toDate(32)?,/.test(line) && (lines[index + 2] ?? '').endsWith('nodes: 1');
    if (!own && !DATE_CAST.test(line)) return [];
    const argument = lines[index + 3] ?? '';
    const [, zone] = /result_type: [\w(]*DateTime(?:64)?\((?:\d+, )?'([^']+)'\)/.exec(argument) ?? [];
    const [, column = ''] = /^ *COLUMN .*column_name: ([^,]+),/.exec(argument) ?? [];
    return zone === undefined ? [] : [{ column, zone }];
  });
}

/** Reads flags of the outermost node: `is_distinct: 1` is `DISTINCT`; an alias is not a flag. */
const flagsOf = (rest: string): string[] =>
  [...rest.matchAll(/, (is_|)(\w+): /g)]
    .map(([, , flag = '']) => flag.toUpperCase().replaceAll('_', ' '))
    .filter((flag) => !/^(ALIAS|UNION MODE)$/.test(flag));

const field = (rest: string, name: string): string =>
  new RegExp(`\\b${name}: ([^,]*)`).exec(rest)?.[1]?.replaceAll('`', '') ?? '';
