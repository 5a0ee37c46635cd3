import type { NormalizedCounts } from './accounts.js';
import type { Touched, ComparedTable } from './build.js';
import type { Command } from './commands.js';
import type { Text } from './sentence.js';

/** How a day succeeded. `held`: not built, on request. `different`: a comparison found differences from a rebuild. */
export type GoodOutcome = 'published' | 'unchanged' | 'skipped' | 'held' | 'rolled-back' | 'different';

export type Outcome = GoodOutcome | 'failed' | 'cancelled';

export interface DayInput {
  day: string;
  /** Rebuild every table of the day although nothing changed. */
  force?: boolean;
  /** Set by the nightly schedule: wait for the sources until their deadline. */
  wait?: boolean;
  /** Since when it waits, an ISO instant; set by the workflow itself when it continues as new. */
  waiting?: string;
  /** Set by the nightly schedule for a late day that failed or is missing: check once whether its sources are complete. */
  complete?: boolean;
  /** Give readers an earlier publish of the day instead of building it, and hold the day. */
  rollback?: boolean;
  /** The publish that a rollback restores; left out, the one before the newest. Where readers have it already, nothing changes. */
  generation?: number;
  /** A rollback leaves readers nothing of the day. */
  toEmpty?: boolean;
  /** Why the day is rolled back and held, for people who find it held. */
  reason?: string;
  /** Build the day in a stage and compare it with what readers have; publish nothing, and leave the day's state as it is. */
  compare?: boolean;
  /** Also build tables that differ by code alone, as a backfill does. */
  code?: boolean;
  /** Process the chunks of folder D that hold rejects or quarantined objects again; any word that names the occasion. */
  retry?: string;
  /** If objects of the published day vanished: the current listing counts, and their rows are removed. */
  replaceFolder?: boolean;
  /** If objects of the published day vanished and new ones arrived: the old rows are kept beside the new ones. */
  keepVanished?: boolean;
  /** A folder without objects is an empty day, whatever the source's `onEmpty` says. */
  allowEmpty?: boolean;
  /** Set by an erasure, whose id it is: publish the day without the rows that it names, and build nothing. */
  erase?: string;
  /** Set by the workflow itself when it lists its objects again, because a normalized chunk was deleted after they were listed. */
  relisted?: boolean;
  /** Set by the workflow itself: how often the day has moved to another node of a cluster, because its own did not answer. */
  moves?: number;
  /** Set by a backfill: normalize and load at once, then wait for the signal `open` before models are refreshed. */
  gated?: boolean;
}

/** What an erasure is started with. */
export interface EraseInput {
  /** Names the object that holds the table and the condition. */
  id: string;
}

export interface EraseResult {
  table: string;
  /** Days whose live rows matched, and those rows. */
  days: number;
  rows: number;
  /** Normalized objects, rejected lines and archives that were removed. */
  chunks: number;
  rejects: number;
  archives: number;
  /** Days whose models still show what was computed from the rows, and why. */
  stale: StaleModels[];
}

/** Days whose models were not rebuilt after an erasure. */
export interface StaleModels {
  first: string;
  last: string;
  /** Left out by earlier versions. `later`: the days only look back on a day of the erasure. */
  kind?: 'held' | 'skipped' | 'failed' | 'later';
  reason: string;
}

export interface DayResult {
  day: string;
  outcome: GoodOutcome;
  generation: number;
  listed: { objects: number; bytes: number; chunks: number };
  normalized: NormalizedCounts & { chunks: number };
  loaded: { table: string; rows: number; duplicates: number; rejected: number; changed: boolean }[];
  refreshed: { table: string; rows: number; changed: boolean }[];
  tested: { passed: number; warned: { test: string; rows: number }[] };
  published: { table: string; rows: number }[];
  touched: Touched | null;
  /** True if an unfinished publish was recovered first, so the day may have changed. */
  recovered: boolean;
  /** Each table of the day, if it was built to be compared. */
  compared?: ComparedTable[];
  /** What each step did, as text, and how long it took in milliseconds; in order. */
  steps: FinishedStep[];
  notes: Text[];
}

/** How a day failed; in the details of its failure, which is of the type `DayFailed`. */
export interface DayFailure {
  step: string;
  /** The type of the step's error, one of src/errors.ts; '' if it is another error. */
  type: string;
  reason: string;
  /** The table or source at which it failed, if it is known. */
  table?: string;
  /** Those that the message names; left out by earlier versions. */
  commands?: Command[];
}

/** How a day ended, for the workflow that ran it. */
export interface DayEnded {
  day: string;
  outcome: Outcome;
  /** Why a day failed or was cancelled, and the command to type next; otherwise ''. */
  reason: Text;
  failure: DayFailure | null;
  /** The result of the day; null if it failed or was cancelled. */
  result: DayResult | null;
}

export interface NightlyInput {
  /** Left out by the schedule: the day before its nominal time, in the project's zone. */
  day?: string;
}

/** The result of a nightly run. With a failed day the run fails, and this is in the details of its failure. */
export interface NightlyResult {
  day: string;
  days: { day: string; outcome: Outcome; reason: string }[];
  /** Warnings, each with its day or a command. */
  notes: string[];
  /** Tables' days where readers have other rows than were published, each with the command that fixes it. */
  differences: string[];
}

export interface BackfillInput {
  /** Both inclusive. */
  start: string;
  end: string;
  /** Rebuild every table of every day; the same as `reprocess: 'all'`. */
  force?: boolean;
  /** Days that run at once; 4 by default. The signal `concurrency` changes it. */
  concurrency?: number;
  /** `none`: check every day and build what is stale, by data or by code. `failed`: only days whose last build failed. */
  reprocess?: 'none' | 'failed' | 'all';
  /** The first failed day ends the backfill; by default it does not stop the others. */
  failFast?: boolean;
  /** For each day that would fail as `FolderRewritten`: see {@link DayInput}. Days where objects only vanished keep their rows. */
  replaceFolder?: boolean;
  keepVanished?: boolean;
  /** For each day whose folder never held objects: see {@link DayInput}. */
  allowEmpty?: boolean;
  /** Progress so far; set by the workflow itself when it continues as new. */
  state?: BackfillState;
}

export interface BackfillState {
  /** Whether the days of the range are run, or later ones that look back on them. */
  phase: 'range' | 'later';
  /** The first day that is not done. */
  next: string;
  /** Days known so far; grows when later days are added. */
  total: number;
  counts: Record<Outcome, number>;
  /** Rows loaded in published days. */
  rows: number;
  /** The first failed days; `counts` has their number. */
  failed: FailedDay[];
  paused: boolean;
  concurrency: number;
  /** Days after the range that may have become stale. */
  later: { first: string; last: string } | null;
  /** ISO instant of the first run's start. */
  since: string;
  /** Milliseconds for which it was paused. */
  idle: number;
}

/** A day that failed or was cancelled. */
export interface FailedDay {
  day: string;
  outcome: Outcome;
  step: string;
  /** The type of the step's error, one of src/errors.ts; left out if unknown. */
  type?: string;
  reason: Text;
}

/** The answer to a backfill's query `progress`. */
export interface BackfillProgress {
  start: string;
  end: string;
  phase: BackfillState['phase'];
  total: number;
  done: number;
  counts: Record<Outcome, number>;
  rows: number;
  /** Running days, oldest first; the first one builds its models, the others may wait for it. */
  running: string[];
  failed: FailedDay[];
  paused: boolean;
  concurrency: number;
  since: string;
  idle: number;
}

export interface BackfillResult {
  start: string;
  end: string;
  /** `failed` if any day did. */
  outcome: 'published' | 'unchanged' | 'failed';
  counts: Record<Outcome, number>;
  rows: number;
  failed: FailedDay[];
  /** Days of the range that were not run, because a failed day ended the backfill. */
  notRun: number;
}

/** What one step did, as text. */
export interface FinishedStep {
  step: string;
  what: string;
  ms: number;
}

/** The progress of a running day; the answer to the query `progress`. */
export interface DayProgress {
  day: string;
  /** The step that is running, with its own count: `normalize`, 3 of 12 done. */
  step: string;
  done: number;
  total: number;
  /** What the day waits for, one sentence for each source; empty if it waits for nothing. */
  missing: string[];
  steps: FinishedStep[];
}
