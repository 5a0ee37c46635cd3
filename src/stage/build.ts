import { isNameTaken } from '../clickhouse/errors.js';
import { askTogether, type Answers, type Question } from '../clickhouse/question.js';
import type { Place } from '../clickhouse/tables.js';
import { final, passing } from '../errors.js';
import { tableFingerprint } from '../ledger/fingerprints.js';
import type { BriefPublish, Published } from '../ledger/questions.js';
import type { Plan, PublishedTable } from '../plan/plan.js';
import { command } from '../shared/commands.js';
import { addDays, EVER } from '../shared/day.js';
import { grouped } from '../shared/grouped.js';
import { earlierDays } from '../shared/lookback.js';
import { attemptTable, stageDatabase } from '../shared/names.js';
import { sentence } from '../shared/sentence.js';
import type { Dependencies } from '../step/dependencies.js';
import type { Step } from '../step/step.js';
import {
  countDays,
  measureBuilt,
  renameTable,
  replacePartition,
  replacePartitions,
  type Measure,
} from './statements.js';
import { createStaged } from './twins.js';

export const stageOf = ({ project, day, generation }: Plan): string => stageDatabase(project, day, generation);

/** Returns the full names of the build's tables; a short name could also be an alias in a SELECT. */
export const stagedTables = (plan: Plan): string[] => plan.tables.map(({ name }) => stagedTable(plan, name));
export const stagedTable = (plan: Plan, name: string): string => `${stageOf(plan)}.${name}`;

/** A table's day in the stage. */
export interface Staged extends Measure {
  /** Fingerprints of its earlier days in the stage, by day. */
  earlier: Record<string, string>;
}

/** How a day is built in the stage. */
export interface BuildOptions {
  /** Leave out the earlier days that its readers need. */
  alone?: boolean;
  /** Published state of the earlier days, if it was just read. */
  before?: Published | undefined;
  /** The columns that the hash covers; by default all stored columns. */
  columns?: readonly string[];
  /** Throws if what was built must not become the table's day. */
  accept?: (built: Measure) => void;
}

/**
 * Builds one table's day in the stage: in a table named by attempt, filled by `fill`, measured, and only then given the table's own
 * name, beside the earlier days that its readers need. An attempt that dies leaves a table that no one reads; a zombie attempt may still
 * move its own rows, so a publish compares the stage with what was measured here.
 */
export async function buildInStage(
  deps: Dependencies,
  plan: Plan,
  table: string,
  step: Step,
  fill: (target: Place) => Promise<void>,
  { alone = false, columns = valueColumns(plan, table), accept = () => undefined, before }: BuildOptions = {},
): Promise<Staged> {
  const stage = stageOf(plan);
  const [own, live] = [
    { database: stage, table },
    { database: plan.database, table },
  ];
  const attempt = { database: stage, table: attemptTable(table, step.attempt) };
  const what = step.statement(`stage ${table}`);
  await createStaged(deps.clickhouse, attempt, live, 'replace', what);
  const copied = alone ? undefined : await beginCopy(deps, plan, table, step, before);
  await fill(attempt);
  const { built, ...copy } = await askTogether(
    deps.clickhouse,
    { ...copied?.questions, built: measureBuilt(attempt, plan.day, columns) },
    step.statement(`count ${table}`),
  );
  if (built.strays > 0)
    throw final(
      'ContractBroken',
      `${table}: the build of ${plan.day} made ${built.strays} rows of other days. A model must return only rows of {day:Date}.`,
      {
        details: { table },
      },
    );
  copied?.check(copy as Answers<Copying['questions']>);
  const measure = { rows: built.rows, hash: built.hash };
  accept(measure);
  const move = replacePartition(own, attempt, plan.day);
  // If earlier days are already under the table's own name, the day is put beside them.
  const first = copied ? move : renameTable(attempt, table);
  try {
    await deps.clickhouse.run(first, step.statement(`move ${table}`));
  } catch (error) {
    if (first === move || !isNameTaken(error)) throw error;
    // An earlier attempt has taken the name, and the earlier days may have come beside its rows since.
    await deps.clickhouse.run(move, step.statement(`move ${table}`));
  }
  return { ...measure, earlier: copied?.earlier ?? {} };
}

/** Returns the stored columns of a table in order, from the plan. */
export const valueColumns = (plan: Plan, table: string): string[] =>
  (plan.tables.find(({ name }) => name === table)?.columns ?? [])
    .filter(({ defaultKind }) => defaultKind === '' || defaultKind === 'DEFAULT')
    .map(({ name }) => name);

/** Lists the columns of a table that it computes and stores, which no hash of the ledger covers. */
export const computedColumns = (plan: Plan, table: string): string[] =>
  (plan.tables.find(({ name }) => name === table)?.columns ?? [])
    .filter(({ defaultKind }) => defaultKind === 'MATERIALIZED')
    .map(({ name }) => name);

/** Copies a table's unchanged day into the stage by hard links. Throws if the live rows are not the published ones. */
export async function copyFromLive(
  deps: Dependencies,
  plan: Plan,
  record: PublishedTable,
  step: Step,
  options: Pick<BuildOptions, 'alone' | 'before'> = {},
): Promise<Staged> {
  const { table } = record;
  const live = { database: plan.database, table };
  const accept = ({ rows, hash }: Measure) => {
    if (rows !== record.rows || hash !== record.hash)
      throw final(
        'AccountsDiffer',
        sentence(
          `${plan.database}.${table} holds ${rows} rows of ${plan.day}, but ${record.rows} were published: something else wrote to it. `,
          'Publish the day again: ',
          command.run(plan.day, '--force'),
        ),
        { details: { table } },
      );
  };
  const copy = async (target: Place) => {
    await deps.clickhouse.run(replacePartition(target, live, plan.day), step.statement(`copy ${table}`));
  };
  return await buildInStage(deps, plan, table, step, copy, { ...options, columns: record.columns, accept });
}

/** Earlier days of a table that were copied into the stage, and what is still to be asked about them. */
interface Copying {
  /** The fingerprint of each copied day. */
  earlier: Record<string, string>;
  questions: { counts: Question<Map<string, number>>; after: Question<Published> };
  /** Throws where the copies are not what the ledger says. */
  check: (answers: Answers<Copying['questions']>) => void;
}

/** Days that one ALTER copies. */
const DAYS_AT_ONCE = 100;

/**
 * Copies the earlier days that readers of a table look back on into the stage, by hard links. Checks them against the ledger: rows are
 * counted, and if one of the days is published meanwhile, the copy is retried. A day that should exist and does not fails the build,
 * unless its readers allow holes.
 *
 * @param known what is published of these days, where that was asked just now
 */
async function beginCopy(
  deps: Dependencies,
  plan: Plan,
  table: string,
  step: Step,
  known?: Published,
): Promise<Copying | undefined> {
  const keep = plan.tables.find(({ name }) => name === table)?.keep ?? { days: 0, strict: 0 };
  if (keep.days === 0) return undefined;
  const [first, last] = [addDays(plan.day, -keep.days), addDays(plan.day, -1)];
  const { questions } = deps.ledger;
  const [own, live] = [
    { database: stageOf(plan), table },
    { database: plan.database, table },
  ];
  const before = publishedDays(
    plan,
    table,
    known ?? (await deps.ledger.ask({ published: questions.published(first, last) })).published,
    first,
  );
  await assertNoHoles(deps, plan, table, before);
  await createStaged(deps.clickhouse, own, live, 'keep', step.statement(`stage ${table}`));
  const days = [...before.keys()];
  for (const some of grouped(days, DAYS_AT_ONCE))
    await deps.clickhouse.run(replacePartitions(own, live, some), step.statement(`copy ${table} of ${daysOf(some)}`));
  return {
    earlier: Object.fromEntries([...before].map(([day, record]) => [day, tableFingerprint(record.code, record.data)])),
    questions: { counts: countDays(own, days), after: questions.published(first, last) },
    check: ({ counts, after }) => {
      for (const [day, { generation }] of publishedDays(plan, table, after, first))
        if (before.get(day)?.generation !== generation)
          throw new Error(`${table} of ${day} was published while it was copied; the copy is retried`);
      // None of the days was published meanwhile, so a retry would find the same.
      for (const { day, rows } of before.values()) {
        const found = counts.get(day) ?? 0;
        if (found !== rows)
          throw final(
            'AccountsDiffer',
            sentence(
              `${plan.database}.${table} holds ${found} rows of ${day}, on which ${plan.day} looks back, but ${rows} were published: `,
              'something else wrote to it. Publish that day again: ',
              command.run(day, '--force'),
            ),
            { details: { table } },
          );
      }
    },
  };
}

const daysOf = (days: readonly string[]) =>
  days.length === 1 ? (days[0] ?? '') : `${days.length} days, ${days[0] ?? ''} to ${days.at(-1) ?? ''}`;

/**
 * Copies the earlier days that readers of a table look back on, beside its day that was built before; see {@link beginCopy}.
 *
 * @returns the fingerprint of each copied day.
 */
export async function copyEarlier(
  deps: Dependencies,
  plan: Plan,
  table: string,
  step: Step,
): Promise<Record<string, string>> {
  const copied = await beginCopy(deps, plan, table, step);
  if (!copied) return {};
  copied.check(await askTogether(deps.clickhouse, copied.questions, step.statement(`count ${table}`)));
  return copied.earlier;
}

/** Returns the table's published days from `first` to the day before the plan's. Throws if one has an unfinished publish. */
function publishedDays(
  plan: Plan,
  table: string,
  { current, open }: Published,
  first: string,
): Map<string, BriefPublish> {
  const isOne = (record: BriefPublish) => record.table === table && record.day >= first && record.day < plan.day;
  const left = open.find(isOne);
  if (left)
    throw passing(
      sentence(
        `the publish of ${left.day} is unfinished, and ${plan.day} looks back on it. If no run is in progress: `,
        command.run(left.day),
      ),
    );
  return new Map(current.filter(isOne).map((record) => [record.day, record]));
}

async function assertNoHoles(
  deps: Dependencies,
  plan: Plan,
  table: string,
  published: ReadonlyMap<string, BriefPublish>,
): Promise<void> {
  const strict = plan.tables.find(({ name }) => name === table)?.keep.strict ?? 0;
  const absent = earlierDays(plan.day, strict).filter((day) => !published.has(day));
  if (absent.length === 0) return;
  const start = plan.start ?? (await firstPublished(deps, plan, table));
  const missing = absent.filter((day) => day >= start);
  const [first, last] = [missing[0], missing.at(-1)];
  if (first !== undefined && last !== undefined)
    throw final(
      'LookbackMissing',
      sentence(
        `${plan.day} looks back on ${table} of ${missing.join(', ')}, which ${last === first ? 'is' : 'are'} not published. `,
        `Build ${last === first ? 'the earlier day' : 'the earlier days'} first (or put '-- holes: allow' in the model that looks back): `,
        last === first ? command.run(first) : command.backfill(first, last),
      ),
      { details: { table, missing } },
    );
}

/** Returns a table's first published day, which is its start if the config has no `start`. */
async function firstPublished(deps: Dependencies, plan: Plan, table: string): Promise<string> {
  const records = await deps.ledger.currentPublishes(EVER[0], addDays(plan.day, -1));
  return records.find((record) => record.table === table)?.day ?? plan.day;
}
