import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { messageOf } from '../../src/errors.js';
import type { Stack } from '../../src/local/stack-file.js';
import { grouped } from '../../src/shared/grouped.js';
import { pythonTools } from '../clients/python.js';
import { openDays, type DayConfig, type DayProject } from '../support/day.js';
import type { ProjectFiles } from '../support/project.js';

/** A row as Python wrote it, and as it is published. */
type Row = [id: string | null, ts: string | null, amount: string | null, note: string | null];

/** An object, whole or damaged, and what the independent reader finds in it. */
interface Judged {
  object: string;
  kind: 'lines' | 'parquet';
  /** What was done to it. */
  what: string;
  /** Number of the try; null for a whole object. */
  try: number | null;
  /**
   * Lines: for each one the number of the row that it still is, or null. Parquet: the rows. Null where the reader refuses the
   * object.
   */
  found: (number | null)[] | Row[] | null;
}

interface Truth {
  /** The rows that were written into each object. */
  rows: Row[];
  objects: Judged[];
}

/** What became of an object that was not left out. */
interface Read {
  lines: number;
  rejected: number;
  rows: Map<number, Row>;
}

export interface DamageOptions {
  seed: number;
  /** Numbers of the first and the last try. */
  first: number;
  last: number;
  /** Version of the machine's Python. */
  python: string;
}

export interface DamageResult {
  tries: number;
  /** Objects that were left out, and objects that were read, of the damaged ones. */
  bad: number;
  read: number;
  /** What went wrong, one sentence for each object. */
  wrong: string[];
}

/** Objects of one build; those of one chunk are read together. */
const OF_A_DAY = 120;
const OF_A_CHUNK = 20;

const FILES: ProjectFiles = {
  'sql/raw/events.sql': `
CREATE TABLE raw_events (
  id Nullable(String), ts DateTime64(3, 'UTC'), amount Nullable(Decimal(10, 2)), note Nullable(String),
  _source Tuple(object String, line UInt64, text String, error String)
) ENGINE = MergeTree ORDER BY tuple();`,
  'sql/normalized/events.sql': `
CREATE TABLE events (
  day Date, ts DateTime64(3, 'UTC'), id Nullable(String), amount Nullable(Decimal(10, 2)), note Nullable(String), _object String, _line UInt64
) ENGINE = MergeTree PARTITION BY day ORDER BY tuple();
SELECT toDate(ts) AS day, ts, id, amount, note, _source FROM raw_events;`,
};

const configOf = (format: 'ndjson' | 'parquet'): DayConfig => ({
  timezone: 'UTC',
  sources: {
    events: {
      ...{ prefix: 'raw/{YYYY}-{MM}-{DD}/', format, arrival: { before: 0, after: 0 } },
      ...{ onBadObject: 'quarantine', onEmpty: 'publish', maxRejects: 1_000_000, chunk: { maxObjects: OF_A_CHUNK } },
    },
  },
});

/**
 * Reads objects that are damaged in seeded ways, together with whole ones, and holds what becomes of each against what Python
 * finds in it: each must end as a bad object, or as the rows that were written, or as those that Python reads.
 */
export async function tryDamage(stack: Stack, { seed, first, last, python }: DamageOptions): Promise<DamageResult> {
  const folder = await mkdtemp(join(tmpdir(), 'damage-'));
  const result: DamageResult = { tries: last - first + 1, bad: 0, read: 0, wrong: [] };
  try {
    const tool = join(await pythonTools(python, 'damage-requirements.txt'), 'python');
    const script = fileURLToPath(new URL('../clients/damage.py', import.meta.url));
    await execa(tool, [script, folder, DAY, String(seed), String(first), String(last)]);
    const truth = JSON.parse(await readFile(join(folder, 'truth.json'), 'utf8')) as Truth;
    for (const kind of ['lines', 'parquet'] as const) {
      const objects = truth.objects.filter((one) => one.kind === kind);
      for (const group of grouped(objects, OF_A_DAY)) {
        const project = await openDays(stack, FILES, configOf(kind === 'lines' ? 'ndjson' : 'parquet'), {
          worker: false,
        });
        try {
          await judgeGroup(project, folder, truth.rows, group, result);
        } finally {
          await project.close();
        }
      }
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  return result;
}

const DAY = '2026-05-01';
const keyOf = (object: string) => `raw/${DAY}/${object}`;

async function judgeGroup(
  project: DayProject,
  folder: string,
  written: readonly Row[],
  group: readonly Judged[],
  result: DamageResult,
): Promise<void> {
  for (const { object } of group) await project.put(keyOf(object), await readFile(join(folder, 'objects', object)));
  const failed = await normalizeAll(project);
  const quarantined = new Map<string, string>();
  const accounts = new Map<string, { lines: number; rejected: number }>();
  for (const manifest of (await project.manifests(DAY)).values()) {
    for (const { object, reason } of manifest.quarantined) quarantined.set(object, reason);
    for (const one of manifest.accounts) accounts.set(one.object, one);
  }
  const rows = failed.size > 0 ? new Map<string, Map<number, Row>>() : await publishedRows(project);
  for (const one of group) {
    const key = keyOf(one.object);
    const account = accounts.get(key);
    const failure = failed.get(key);
    const wrong =
      failure !== undefined
        ? `the chunk failed: ${failure}`
        : quarantined.has(key)
          ? wrongIfBad(one, quarantined.get(key) ?? '')
          : account && failed.size === 0
            ? wrongIfRead(one, written, { ...account, rows: rows.get(key) ?? new Map<number, Row>() })
            : undefined;
    if (one.try !== null) result[quarantined.has(key) ? 'bad' : 'read'] += 1;
    if (wrong !== undefined) result.wrong.push(`#${one.try ?? 0} ${one.object} (${one.what}): ${wrong}`);
  }
}

/** Normalizes every chunk; answers the failure of each object whose chunk could not be. */
async function normalizeAll(project: DayProject): Promise<Map<string, string>> {
  const act = project.attempt();
  const { build, todo } = await act.list({ day: DAY, force: false });
  const plan = await project.app.store.read(project.bucket, build.plan.replace(`s3://${project.bucket}/`, ''));
  const { sources } = JSON.parse(plan ?? '') as { sources: { chunks: { objects: { key: string }[] }[] }[] };
  const chunks = sources.flatMap((source) => source.chunks);
  const failed = new Map<string, string>();
  for (let chunk = 0; chunk < todo; chunk++)
    await act.normalize({ build, chunk }).catch((error: unknown) => {
      for (const { key } of chunks[chunk]?.objects ?? []) failed.set(key, messageOf(error));
    });
  return failed;
}

async function publishedRows(project: DayProject): Promise<Map<string, Map<number, Row>>> {
  await project.attempt().publish(await project.build(DAY));
  type Found = { object: string; line: string; id: string; ts: string; amount: string; note: string };
  const found = await project.rows<Found>(
    `SELECT _object AS object, _line AS line, id, replaceOne(toString(ts), ' ', 'T') AS ts, toString(toDecimalString(amount, 2)) AS amount, note
     FROM events WHERE day = {day:Date}`,
    { day: DAY },
  );
  const rows = new Map<string, Map<number, Row>>();
  for (const { object, line, id, ts, amount, note } of found) {
    const of = rows.get(object) ?? new Map<number, Row>();
    of.set(Number(line), [id, ts, amount, note]);
    rows.set(object, of);
  }
  return rows;
}

/** No reader of bzip2 is built into the engine. */
const UNSUPPORTED = '.bz2';

/** Longest reason that a failure may carry in a history. */
const LONGEST_REASON = 500;

function wrongIfBad({ object, try: number }: Judged, reason: string): string | undefined {
  if (number === null && !object.endsWith(UNSUPPORTED)) return `whole, but taken for a bad object: ${reason}`;
  return reason.length > LONGEST_REASON ? `its reason has ${reason.length} characters` : undefined;
}

function wrongIfRead(one: Judged, written: readonly Row[], read: Read): string | undefined {
  if (isWritten(written, read)) return undefined;
  if (one.found === null)
    return `Python refuses it, but ${read.lines} lines with ${read.rows.size} other rows were read`;
  if (read.lines !== one.found.length) return `${read.lines} lines were read, Python finds ${one.found.length}`;
  if (read.rows.size + read.rejected > read.lines)
    return `${read.rows.size} rows and ${read.rejected} rejects of ${read.lines}`;
  const expected = one.kind === 'parquet' ? (one.found as Row[]) : one.found.map((row) => written[Number(row ?? -1)]);
  for (const [index, row] of expected.entries()) {
    const found = read.rows.get(index + 1);
    // What damage made of a line may be a reject; a line that is as it was written is its row.
    if (found === undefined ? row && one.kind === 'lines' : row && String(row) !== String(found))
      return `line ${index + 1} became ${String(found ?? 'a reject')}, Python finds ${String(row)}`;
  }
  return undefined;
}

const isWritten = (written: readonly Row[], { lines, rows }: Read): boolean =>
  lines === written.length && written.every((row, index) => String(row) === String(rows.get(index + 1)));
