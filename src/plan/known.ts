import { derived, type Question } from '../clickhouse/question.js';
import { tableFingerprint } from '../ledger/fingerprints.js';
import type { Standing } from '../ledger/questions.js';
import type { BuildRecord, PublishEvent, RecordedChunk } from '../ledger/records.js';
import { longestLookbackOf, type Project } from '../project/project.js';
import { addDays, type Day } from '../shared/day.js';
import type { Dependencies } from '../step/dependencies.js';
import type { PastPublish } from './plan.js';

/** A folder of a recorded chunk goes with it. */
export type KnownChunk = RecordedChunk & { folder: Day };

/** What the ledger knows of a day before its folders are looked at. */
export interface KnownDay {
  /** Of the day, and of the earlier days that any model reads. */
  standing: Standing;
  /** Every publish of the day so far. */
  history: PastPublish[];
  lastGeneration: number;
  /** Every event of its builds. */
  builds: readonly BuildRecord[];
  /** By source, the chunks that were ever made of the folders that may hold rows of the day. */
  chunks: ReadonlyMap<string, readonly KnownChunk[]>;
}

/** The questions of which {@link KnownDay} is the answer. */
export function questionsOf(
  { questions }: Dependencies['ledger'],
  project: Project,
  day: Day,
): { [Field in keyof KnownDay]: Question<KnownDay[Field]> } {
  const windows = Object.entries(project.config.sources).map(([source, { arrival }]) => ({
    ...{ source, first: addDays(day, -arrival.before), last: addDays(day, arrival.after) },
  }));
  const first = addDays(day, -longestLookbackOf(project));
  const publishes = questions.publishes(first, day);
  return {
    standing: questions.standing(first, day),
    history: derived(publishes, (events) => events.filter((event) => event.day === day).map(pastPublish)),
    lastGeneration: questions.lastGeneration(day, publishes),
    builds: questions.builds(day),
    chunks: questions.chunksOfWindows(windows),
  };
}

const pastPublish = ({ table, generation, code, data, rows, hash }: PublishEvent): PastPublish => ({
  ...{ table, generation, data, rows, hash },
  fingerprint: tableFingerprint(code, data),
});
