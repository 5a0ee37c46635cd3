// Over 300 lines: one short function for each question to the ledger and each record in it.
import type { ClickHouse } from '../clickhouse/client.js';
import { catchUp } from '../clickhouse/cluster/catch-up.js';
import { everyNode } from '../clickhouse/cluster/cluster.js';
import { createOnEachNode } from '../clickhouse/cluster/databases.js';
import { replicatedCreate } from '../clickhouse/cluster/replicated.js';
import { isMissingTable, unlessMissing } from '../clickhouse/errors.js';
import { ask, askTogether, type Answers, type Question } from '../clickhouse/question.js';
import type { Statement } from '../clickhouse/statement.js';
import { final } from '../errors.js';
import type { QuarantinedObject } from '../shared/accounts.js';
import { command, type Command } from '../shared/commands.js';
import { sentence } from '../shared/sentence.js';
import type { StoredObject } from '../store/object.js';
import { inGroups } from './chunk-groups.js';
import { assertOwner, identityOf, type Identified, type Identity } from './identity.js';
import { ledgerQuestions } from './questions.js';
import {
  counted,
  CURRENT_COUNTS,
  PUBLISH_COUNTS,
  type CurrentPublish,
  type ErasureRecord,
  type ReproducedRecord,
  type FolderAnswer,
  type PublishRecord,
  type PublishEvent,
  type OpenIntent,
  type BuildRecord,
  type RejectRecord,
  type FolderRecord,
  type DayRecord,
  type TestRecord,
  type ChunkRecord,
  type PublishedVersion,
  type Wire,
} from './records.js';
import * as sql from './statements.js';

/** The project's ledger: what was built, from what, and what became of every line. Every read takes the latest record. */
export type Ledger = ReturnType<typeof openLedger>;

/** The database of the ledger. */
export const LEDGER = 'daybook';

/** Opens the ledger of a project, for builds; people's queries are in `openLedgerReport`. */
export function openLedger(clickhouse: ClickHouse, project: string) {
  const READ = { what: 'read the ledger' };
  const rows = async <Row>(statement: Statement) => await clickhouse.rows<Row>(statement, READ);
  const write = (table: string, records: readonly object[], more: object = {}) =>
    clickhouse.insert(
      table,
      records.map((record) => ({ ...record, ...more, project })),
    );
  const questions = ledgerQuestions(project);

  /**
   * Asks several questions in one request, of this ledger and of anything else.
   *
   * @throws a final NotApplied where the ledger is missing
   */
  const askAll = async <Asked extends Record<string, Question<unknown>>>(asked: Asked): Promise<Answers<Asked>> => {
    try {
      return await askTogether(clickhouse, asked, READ);
    } catch (error) {
      throw isMissingTable(error) ? notThere() : error;
    }
  };

  /**
   * Asks several questions in one request, once it is clear that the ledger is this program's and this project's.
   *
   * @throws a final NotApplied, LedgerTooNew or OtherProject
   */
  const askAsOwner = async <Asked extends Record<string, Question<unknown>>>(
    config: Identified,
    asked: Asked,
  ): Promise<Answers<Asked>> => {
    const format = questions.format();
    const found = await askTogether(clickhouse, { ...asked, format, owner: questions.owner() }, READ).catch(
      async (error: unknown) => {
        // A ledger of an earlier version does not record whose a name is.
        if (isMissingTable(error)) return { ...(await askAll({ ...asked, format })), owner: undefined };
        throw error;
      },
    );
    const known = found as { format: number; owner: Identity | undefined };
    assertFormat(known.format);
    assertOwner(config, known.owner);
    return found;
  };

  return {
    project,

    database: LEDGER,

    questions,

    ask: askAll,

    /** Creates the tables that are missing. */
    async migrate(): Promise<void> {
      const what = { what: 'create the ledger' };
      if (!clickhouse.cluster) {
        for (const statement of sql.ledgerDefinition()) await clickhouse.run(statement, what);
        return;
      }
      // The first statement creates the database, which on a cluster every node does for itself.
      const [, ...tables] = sql.ledgerDefinition();
      await createOnEachNode(clickhouse, LEDGER);
      for (const statement of tables) await clickhouse.run({ sql: replicatedCreate(statement.sql) }, what);
      for (const node of await everyNode(clickhouse)) await catchUp(node, [LEDGER]);
    },

    /**
     * Throws if the ledger is missing, was written by a newer Daybook, or knows another project of this name.
     *
     * @throws a final NotApplied, LedgerTooNew or OtherProject
     */
    async assertReadable(config: Identified): Promise<void> {
      await askAsOwner(config, {});
    },

    askAsOwner,

    /** Returns the project that the name belongs to; undefined if no one has used it. */
    owner: async (config: Identified): Promise<(Identity & { recorded: boolean }) | undefined> => {
      const owner = await unlessMissing(ask(clickhouse, questions.owner(), READ), undefined);
      if (owner) return { ...owner, recorded: true };
      const [before] = await unlessMissing(rows<{ bucket: string }>(sql.builtBefore(project)), []);
      if (before === undefined || before.bucket === '') return undefined;
      // Projects of earlier versions have no id, and builds do not record their database.
      return { id: '', database: config.database, bucket: before.bucket, recorded: false };
    },

    /** Records that the name belongs to the project. */
    recordOwner: async (config: Identified): Promise<void> => {
      await clickhouse.insert('daybook.projects', [{ project, ...identityOf(config) }]);
    },

    lastGeneration: (day: string) => ask(clickhouse, questions.lastGeneration(day), READ),

    async recordBuild(record: Omit<BuildRecord, 'at'> & { run: string; plan: string; engine: string }): Promise<void> {
      await clickhouse.insert('daybook.builds', [{ ...record, project, format: sql.LEDGER_FORMAT }]);
    },

    /** What a person runs next; a ledger of an earlier version has no place for it, and keeps the reason alone. */
    async recordNext(day: string, generation: number, commands: readonly Command[]): Promise<void> {
      if (commands.length === 0) return;
      await unlessMissing(
        clickhouse.insert('daybook.next_commands', [{ project, day, generation, commands }]),
        undefined,
      );
    },

    latestBuilds: (first: string, last: string) => rows<BuildRecord>(sql.latestBuilds(project, first, last)),

    async currentPublishes(first: string, last: string): Promise<CurrentPublish[]> {
      return (await rows<Wire<CurrentPublish>>(sql.currentPublishes(project, first, last))).map((row) =>
        counted<CurrentPublish>(row, ...CURRENT_COUNTS),
      );
    },

    async openIntents(first: string, last = first): Promise<OpenIntent[]> {
      return (await rows<Wire<OpenIntent>>(sql.openIntents(project, first, last))).map((row) =>
        counted<OpenIntent>(row, ...PUBLISH_COUNTS),
      );
    },

    /** Every publish of a day, oldest first. */
    async publishHistory(day: string): Promise<PublishedVersion[]> {
      return (await rows<Wire<PublishedVersion>>(sql.publishHistory(project, day))).map((row) =>
        counted<PublishedVersion>(row, ...PUBLISH_COUNTS),
      );
    },

    /** Records all tables of one publish in one block: after a crash either all or none exist. */
    async recordPublishes(event: PublishEvent['last'], records: readonly PublishRecord[]): Promise<void> {
      await write('daybook.publishes', records, { event });
    },

    /** Records builds that gave the rows that readers have already. */
    recordReproduced: (records: readonly ReproducedRecord[]) => write('daybook.reproduced', records),

    /** Records that rows of some days are being erased, or were. */
    recordErasure: (record: ErasureRecord) => write('daybook.erasures', [record]),

    /**
     * Fingerprints of the tests that a published day has passed; undefined where the ledger keeps no such records.
     *
     * @param newest generation of what is published
     * @param builds every event of the day's builds
     */
    passedOn: (
      day: string,
      newest: number,
      builds: readonly Pick<BuildRecord, 'generation' | 'event'>[],
    ): Promise<Set<string> | undefined> =>
      unlessMissing(ask(clickhouse, questions.passed(day, newest, builds), READ), undefined),

    /** Returns the archives of the publishes of days `first` to `last`, by table name. */
    archives: (first: string, last: string) => ask(clickhouse, questions.archives(first, last), READ),

    /** Returns the held days among `first` to `last`. */
    holds: (first: string, last: string) => ask(clickhouse, questions.holds(first, last), READ),

    holdOf: (day: string) => ask(clickhouse, questions.hold(day), READ),

    async recordHold(event: 'held' | 'released', day: string, reason: string): Promise<void> {
      await clickhouse.insert('daybook.holds', [{ project, day, event, reason }]);
    },

    chunksOf: (source: string, first: string, last: string) =>
      ask(clickhouse, questions.chunksOf(source, first, last), READ),

    async recordChunk({
      source,
      folder,
      chunk,
      normalizer,
      manifest,
      objects,
      rowsByDay,
      accounts,
      quarantined,
    }: ChunkRecord): Promise<void> {
      const reasons = new Map(quarantined.map(({ object, reason }) => [object, reason]));
      const of = { project, account: 'folder', source, day: folder, chunk, normalizer };
      await clickhouse.insert(
        'daybook.accounts',
        accounts.map((account) => ({
          ...account,
          // Only manifests keep it.
          outside: undefined,
          ...of,
          quarantined: reasons.get(account.object) ?? '',
        })),
      );
      await clickhouse.insert('daybook.chunks', [
        { project, source, folder, chunk, normalizer, manifest, objects, rows_by_day: rowsByDay },
      ]);
    },

    /** Returns the decisions about the folders of a day, oldest first; none in a ledger that is older than that table. */
    async folderAnswers(source: string, day: string): Promise<FolderAnswer[]> {
      type Row = Pick<FolderAnswer, 'folder' | 'answer'> & { objects: Wire<StoredObject>[] };
      const found = await unlessMissing(rows<Row>(sql.folderAnswers(project, source, day)), []);
      return found.map(({ objects, ...answer }) => ({
        ...answer,
        objects: objects.map((object) => counted<StoredObject>(object, 'size')),
      }));
    },

    async recordFolderAnswers(
      of: { source: string; day: string; run: string },
      answers: readonly FolderAnswer[],
    ): Promise<void> {
      if (answers.length === 0) return;
      try {
        await clickhouse.insert(
          'daybook.folder_answers',
          answers.map((answer) => ({ ...of, ...answer, project })),
        );
      } catch (error) {
        if (isMissingTable(error))
          throw final(
            'NotApplied',
            sentence(
              'The ledger has no table daybook.folder_answers: an older Daybook created it. Run: ',
              command.apply(),
            ),
          );
        throw error;
      }
    },

    async folderAccounts(
      source: string,
      first: string,
      last: string,
      chunks: readonly { id: string; normalizer: string }[],
    ): Promise<FolderRecord[]> {
      const found = await inGroups(chunks, (names) =>
        rows<Wire<FolderRecord>>(sql.folderAccounts(project, source, first, last, names)),
      );
      return found
        .map((row) => counted<FolderRecord>(row, 'lines', 'rows', 'rejected', 'skipped', 'blank'))
        .sort(byFolder);
    },

    /** Returns the quarantined objects of the chunks. */
    async quarantinedObjects(
      source: string,
      chunks: readonly { folder: string; id: string; normalizer: string }[],
    ): Promise<(QuarantinedObject & { folder: string })[]> {
      const folders = chunks.map(({ folder }) => folder).sort();
      const [first, last] = [folders[0], folders.at(-1)];
      if (first === undefined || last === undefined) return [];
      const found = await inGroups(chunks, (names) =>
        rows<QuarantinedObject & { folder: string }>(sql.quarantinedObjects(project, source, first, last, names)),
      );
      // A chunk that was recorded again names them again.
      const each = new Map(found.map((one) => [JSON.stringify([one.folder, one.object, one.reason]), one]));
      return [...each.values()].sort(byFolder);
    },

    async recordDayAccount(record: DayRecord & { day: string }): Promise<void> {
      const { table, ...account } = record;
      await write('daybook.accounts', [{ ...account, account: 'day', source: table }]);
    },

    async dayAccounts(day: string): Promise<DayRecord[]> {
      const found = await rows<Wire<DayRecord>>(sql.dayAccounts(project, day));
      return found.map((row) => counted<DayRecord>(row, 'generation', 'rows', 'loaded', 'duplicates'));
    },

    async rejectsOf(
      source: string,
      folder: string,
      chunks: readonly { id: string; normalizer: string }[],
      most: number,
    ): Promise<RejectRecord[]> {
      const found = await inGroups(chunks, (names) =>
        rows<Wire<RejectRecord>>(sql.rejectsOf(project, source, folder, names, most)),
      );
      return found
        .map((row) => counted<RejectRecord>(row, 'line', 'text_bytes'))
        .sort((a, b) => byObject(a, b) || a.line - b.line)
        .slice(0, most);
    },

    async recordTests(day: string, generation: number, results: readonly TestRecord[]): Promise<void> {
      await write('daybook.test_results', results, { day, generation });
    },

    /** Writes which tests a day passed, by their fingerprints; a ledger from before such records keeps none. */
    async recordPassed(day: string, generation: number, tests: readonly string[]): Promise<void> {
      await unlessMissing(clickhouse.insert('daybook.passed_tests', [{ project, day, generation, tests }]), undefined);
    },

    /** Fingerprints of the tests that each published day has passed; undefined where the ledger keeps no such records. */
    async passedTests(first: string, last: string): Promise<Map<string, Set<string>> | undefined> {
      const found = await unlessMissing(
        rows<{ day: string; tests: string[] }>(sql.passedTests(project, first, last)),
        undefined,
      );
      return found && new Map(found.map(({ day, tests }) => [day, new Set(tests)]));
    },

    async testResults(day: string, generation: number): Promise<TestRecord[]> {
      const found = await rows<Wire<TestRecord>>(sql.testResults(project, day, generation));
      return found.map((row) => counted<TestRecord>(row, 'failing'));
    },
  };
}

/** Throws if records were written by a newer Daybook. */
function assertFormat(format: number): void {
  if (format > sql.LEDGER_FORMAT)
    throw final(
      'LedgerTooNew',
      `The ledger has format ${format}; this Daybook knows ${sql.LEDGER_FORMAT}. Upgrade Daybook.`,
    );
}

const notThere = () => final('NotApplied', sentence('The ledger does not exist yet. Run: ', command.apply()));

const byObject = (a: { object: string }, b: { object: string }) =>
  a.object < b.object ? -1 : a.object > b.object ? 1 : 0;

const byFolder = (a: { folder: string; object: string }, b: { folder: string; object: string }) =>
  a.folder < b.folder ? -1 : a.folder > b.folder ? 1 : byObject(a, b);
