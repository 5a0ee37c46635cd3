import type { App } from '../../app.js';
import { textOf } from '../../errors.js';
import type { PublishRecord } from '../../ledger/records.js';
import { decideFolders } from '../../plan/folders/decide.js';
import { listWindow } from '../../plan/folders/index.js';
import { firstQuestions, questionText, type SourceQuestion } from '../../plan/folders/text.js';
import { addDays, type Day } from '../../shared/day.js';
import { NO_CHOICE } from '../../shared/inputs/choice.js';
import { type Text } from '../../shared/sentence.js';

/** Days whose next run would fail because objects of the published day are gone, with the reason and the commands. */
export interface FolderQuestions {
  byDay: Map<Day, Text>;
  /** Why the folders could not be listed; undefined if they were. */
  message: Text | undefined;
}

export const NOTHING_ASKED: FolderQuestions = { byDay: new Map(), message: undefined };

/** Days whose folders are listed concurrently. */
const AT_ONCE = 14;

/** Checks the folders of those of the days that are published, in ascending order. Reports an unreachable store instead of failing. */
export async function folderQuestions(app: App, days: readonly Day[]): Promise<FolderQuestions> {
  const byDay = new Map<Day, Text>();
  const [first, last] = [days[0], days.at(-1)];
  if (first === undefined || last === undefined) return NOTHING_ASKED;
  try {
    const published = await app.ledger.currentPublishes(first, last);
    const deps = { ledger: chunksOnce(app, first, last), store: listingOnce(app.store) };
    for (let from = 0; from < days.length; from += AT_ONCE)
      await Promise.all(
        days.slice(from, from + AT_ONCE).map(async (day) => {
          const records = published.filter((record) => record.day === day);
          const questions = firstQuestions(
            (await Promise.all(records.map((one) => questionOf(app, deps, one)))).flat(),
          );
          if (questions.length > 0) byDay.set(day, questionText(day, questions));
        }),
      );
    return { byDay, message: undefined };
  } catch (error) {
    return { byDay, message: textOf(error) };
  }
}

async function questionOf(
  app: App,
  deps: Pick<App, 'ledger' | 'store'>,
  { table: source, day, chunks: published }: PublishRecord,
): Promise<SourceQuestion[]> {
  const config = app.project.config.sources[source];
  // The day's own state already shows an empty folder; only vanished objects can't be seen there.
  if (!config || published.length === 0) return [];
  const window = await listWindow(deps, { source, config, day });
  const of = { source, config, day, published, choice: NO_CHOICE, range: false, force: false, ...window };
  const { question } = await decideFolders(deps, of);
  return question && question.question.kind !== 'empty' ? [question] : [];
}

/** Caches the chunks of all folders that the days `first` to `last` need, with one statement per source. */
function chunksOnce({ ledger, project }: App, first: Day, last: Day): App['ledger'] {
  const read = new Map<string, ReturnType<App['ledger']['chunksOf']>>();
  const chunksOf: App['ledger']['chunksOf'] = async (source, from, to) => {
    const { before = 0, after = 0 } = project.config.sources[source]?.arrival ?? {};
    const found = read.get(source) ?? ledger.chunksOf(source, addDays(first, -before), addDays(last, after));
    read.set(source, found);
    return (await found).filter(({ folder }) => folder >= from && folder <= to);
  };
  return { ...ledger, chunksOf };
}

/** Caches listings, because neighbouring days share folders. */
function listingOnce(store: App['store']): App['store'] {
  const listed = new Map<string, ReturnType<App['store']['list']>>();
  const list: App['store']['list'] = (bucket, prefix, signal) => {
    const name = `${bucket}/${prefix}`;
    const found = listed.get(name) ?? store.list(bucket, prefix, signal);
    listed.set(name, found);
    return found;
  };
  return { ...store, list };
}
