import { ask } from '../../src/clickhouse/question.js';
import { archiveDatabase } from '../../src/shared/names.js';
import { measureDay } from '../../src/stage/statements.js';
import type { Store } from '../../src/store/store.js';
import type { DayProject } from '../support/day.js';
import { EARLIER, LATER } from './project.js';

/** What a run left behind, by the name of each part; every line is one fact, as JSON. */
export type Ended = Record<string, string[]>;

const everySql = (table: string) => `SELECT * FROM \`${table}\` ORDER BY ALL`;

/**
 * Everything that must be equal whatever happened on the way: tables row for row, what the ledger says of them, the accounts, the
 * chunks. Generations, times and names of attempts are no part of it.
 */
export async function endedOf(project: DayProject): Promise<Ended> {
  const ended: Ended = {};
  const tables = await project.rows<{ name: string }>(
    'SELECT name FROM system.tables WHERE database = {database:String} ORDER BY name',
    { database: project.database },
  );
  ended['tables'] = tables.map(({ name }) => name);
  for (const { name } of tables) ended[`rows of ${name}`] = linesOf(await project.rows(everySql(name)));
  for (const [part, sql] of Object.entries(LEDGER))
    ended[part] = linesOf(await project.rows(sql, { project: project.name })).map((line) =>
      line.replaceAll(project.name, 'PROJECT'),
    );
  ended['published'] = await published(project);
  ended['open intents'] = linesOf(await project.app.ledger.openIntents(EARLIER, LATER));
  ended['stages'] = (await stagesOf(project)).map((name) => name.replaceAll(project.name, 'PROJECT'));
  ended['manifests'] = await manifests(project);
  return ended;
}

/** The parts in which a run differs from what was expected, each with the facts that are missing or too many. */
export function differences(expected: Ended, found: Ended): string[] {
  const parts = [...new Set([...Object.keys(expected), ...Object.keys(found)])];
  return parts.flatMap((part) => {
    const [want = [], have = []] = [expected[part], found[part]];
    const missing = without(want, have).map((fact) => `${part}: missing ${fact}`);
    const surplus = without(have, want).map((fact) => `${part}: too many ${fact}`);
    return [...missing, ...surplus];
  });
}

/** Returns the facts that occur more often in one list than in the other. */
function without(these: readonly string[], those: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const one of those) left.set(one, (left.get(one) ?? 0) + 1);
  return these.filter((one) => {
    const times = left.get(one) ?? 0;
    left.set(one, times - 1);
    return times <= 0;
  });
}

const linesOf = (rows: readonly unknown[]): string[] => rows.map((row) => JSON.stringify(row));

/** A second record of a fact is allowed if it says the same. */
const LEDGER: Record<string, string> = {
  'last build': `
SELECT day, argMax(event, (generation, at)) AS event FROM daybook.builds
WHERE project = {project:String} GROUP BY day ORDER BY day`,
  'held days': `
SELECT day, argMax(event, (at, event)) AS event FROM daybook.holds
WHERE project = {project:String} GROUP BY day ORDER BY day`,
  chunks: `
SELECT DISTINCT source, folder, chunk, normalizer, manifest, objects, rows_by_day FROM daybook.chunks
WHERE project = {project:String} ORDER BY ALL`,
  'folder accounts': `
SELECT DISTINCT source, day, chunk, normalizer, object, lines, rows, rejected, skipped, blank FROM daybook.accounts
WHERE project = {project:String} AND account = 'folder' ORDER BY ALL`,
  'day accounts': `
SELECT DISTINCT source, day, rows, loaded, duplicates FROM daybook.accounts
WHERE project = {project:String} AND account = 'day'
  AND (source, day, generation) IN (
    SELECT source, day, max(generation) FROM daybook.accounts
    WHERE project = {project:String} AND account = 'day' GROUP BY source, day)
ORDER BY ALL`,
  rejects: `
SELECT DISTINCT source, day, chunk, normalizer, object, line, reason, text, text_bytes FROM daybook.rejected_rows
WHERE project = {project:String} ORDER BY ALL`,
  'test results': `
SELECT day, test, argMax(status, (generation, at)) AS status, argMax(failing, (generation, at)) AS failing
FROM daybook.test_results WHERE project = {project:String} GROUP BY day, test ORDER BY day, test`,
};

/** What readers have according to the ledger, and whether the archive of each publish holds what stood before it. */
async function published({ app, name }: DayProject): Promise<string[]> {
  const records = await app.ledger.currentPublishes(EARLIER, LATER);
  const archives = archiveDatabase(name);
  const facts = records.map(async ({ archive, ...of }) => {
    // Chunks are in the order of their recording, which is random if several are normalized at once.
    const record = { ...of, generation: 0, made_by: 0, chunks: of.chunks.toSorted() };
    if (archive === '') return record;
    const held = await ask(
      app.clickhouse,
      measureDay({ database: archives, table: archive }, record.day, record.columns),
    );
    const whole = held.rows === record.archived_rows && held.hash === record.archived_hash;
    return { ...record, archive: whole ? 'whole' : `holds ${held.rows} rows with hash ${held.hash}` };
  });
  return linesOf(await Promise.all(facts));
}

async function stagesOf(project: DayProject): Promise<string[]> {
  const stages = await project.rows<{ name: string }>(
    'SELECT name FROM system.databases WHERE startsWith(name, {own:String}) AND name != {archive:String}',
    { own: `daybook_${project.name}_`, archive: archiveDatabase(project.name) },
  );
  return stages.map(({ name }) => name);
}

/** Every manifest, and whether its Parquet object is there. Parquet objects of dead attempts are ignored. */
async function manifests({ app, name, bucket }: DayProject): Promise<string[]> {
  const { store } = app;
  const keys = new Set((await store.list(bucket, 'daybook/')).map(({ key }) => key));
  const found = [...keys].filter((key) => key.endsWith('.json') && !/\/_(plans|schemas)\//.test(key)).sort();
  const facts = found.map(async (key) => {
    const { parquet, ...manifest } = JSON.parse((await store.read(bucket, key)) ?? '{}') as { parquet: string };
    return JSON.stringify({ ...manifest, parquet: keys.has(parquet) ? 'is there' : 'is gone' });
  });
  return (await Promise.all(facts)).map((fact) => fact.replaceAll(name, 'PROJECT'));
}

/** Removes what a project left in the store. */
export async function emptyBucket(store: Store, bucket: string): Promise<void> {
  await store.remove(
    bucket,
    (await store.list(bucket, '')).map(({ key }) => key),
  );
}
