import type { Touched, ComparedTable } from './build.js';

/** How a day ended well. `held`: left as it is on request. `different`: a comparison found rows that a rebuild would not make. */
export type GoodOutcome = 'published' | 'unchanged' | 'skipped' | 'held' | 'rolled-back' | 'different';

export type Outcome = GoodOutcome | 'failed' | 'cancelled';

export interface DayInput {
  day: string;
  /** Rebuild every table of the day although nothing changed. */
  force?: boolean;
  /** Set by the nightly schedule: wait for the sources until their deadline. */
  wait?: boolean;
  /** Since when it waits, an ISO instant; set by the workflow itself when its history is begun anew. */
  waiting?: string;
  /** Set by the nightly schedule for a late day that is not good yet: look once whether its sources are complete. */
  complete?: boolean;
  /** Give readers an earlier publish of the day instead of building it, and hold the day. */
  rollback?: boolean;
  /** The publish that a rollback restores; left out, the one before the newest. Where readers have it already, nothing changes. */
  generation?: number;
  /** A rollback leaves readers nothing of the day. */
  toEmpty?: boolean;
  /** Why the day is rolled back and held, for those who meet it later. */
  reason?: string;
  /** Build the day aside and compare it with what readers have; publish nothing. */
  compare?: boolean;
  /** Build also tables that differ by code alone, as a backfill does. */
  code?: boolean;
  /** Feed the chunks of folder D that hold rejects or quarantined objects again; any word that names the occasion. */
  retry?: string;
  /** Where objects of the published day are gone: what is listed now is the truth, and their rows go. */
  replaceFolder?: boolean;
  /** Where objects of the published day are gone and new ones came: the old rows stay beside the new ones. */
  keepVanished?: boolean;
  /** A folder without objects is an empty day, whatever the source's `onEmpty` says. */
  allowEmpty?: boolean;
  /** Set by a backfill: normalize and load at once, then wait for the signal `open` before models are refreshed. */
  gated?: boolean;
}

export interface DayResult {
  day: string;
  outcome: GoodOutcome;
  generation: number;
  listed: { objects: number; bytes: number; chunks: number };
  normalized: {
    chunks: number;
    lines: number;
    rows: number;
    rejected: number;
    skipped: number;
    blank: number;
    quarantined: number;
  };
  loaded: { table: string; rows: number; duplicates: number; rejected: number; changed: boolean }[];
  refreshed: { table: string; rows: number; changed: boolean }[];
  tested: { passed: number; warned: { test: string; rows: number }[] };
  published: { table: string; rows: number }[];
  touched: Touched | null;
  /** A publish that a crash had left open was ended first, so that the day may differ from what it was. */
  mended: boolean;
  /** Where the day was built aside to be compared: each table of it. */
  compared?: ComparedTable[];
  /** What each step did, in words, and how long it took in milliseconds; in the order of the night. */
  steps: StepTold[];
  notes: string[];
}

/** How a day failed; kept beside the message of its failure, which is of the type `DayFailed`. */
export interface DayFailure {
  step: string;
  /** The type of what failed the step, one of src/errors.ts; '' where it was no failure of ours. */
  type: string;
  reason: string;
}

/** How a day ended that another workflow ran. */
export interface DayEnded {
  day: string;
  outcome: Outcome;
  /** Of a failed or cancelled day: why, and the command to type next; else ''. */
  reason: string;
  failure: DayFailure | null;
  /** What the day answered; null where it failed or was cancelled. */
  result: DayResult | null;
}

export interface NightlyInput {
  /** Left out by the schedule: the day before its nominal time, in the project's zone. */
  day?: string;
}

/** A night with a failed day answers nothing: it fails, and keeps this beside its message. */
export interface NightlyResult {
  day: string;
  days: { day: string; outcome: Outcome; reason: string }[];
  /** What a person should know although nothing failed, each with the day that it is about or a command. */
  notes: string[];
  /** Where readers have other rows than were published, each with the command that mends it. */
  differences: string[];
}

export interface BackfillInput {
  /** Both inclusive. */
  start: string;
  end: string;
  /** Rebuild every table of every day; the same as `reprocess: 'all'`. */
  force?: boolean;
  /** Days under way at once; 4 where nobody says. The signal `concurrency` changes it. */
  concurrency?: number;
  /** `none`: look at every day and build what is stale, by data or by code. `failed`: only days whose last build failed. */
  reprocess?: 'none' | 'failed' | 'all';
  /** The first failed day ends the backfill; by default it does not stop the others. */
  failFast?: boolean;
  /** Of each day that would fail as `FolderRewritten`: see {@link DayInput}. Days whose folders were only thinned keep their rows. */
  replaceFolder?: boolean;
  keepVanished?: boolean;
  /** Of each day whose folder never held objects: see {@link DayInput}. */
  allowEmpty?: boolean;
  /** How far it is; set by the workflow itself when its history is begun anew. */
  state?: BackfillState;
}

export interface BackfillState {
  /** Whether the days of the range are run, or later ones that look back on them. */
  phase: 'range' | 'later';
  /** The first day that is not done. */
  next: string;
  /** Days known so far; grows by the later ones. */
  total: number;
  counts: Record<Outcome, number>;
  /** Rows loaded of the days that were published. */
  rows: number;
  /** The first of them; `counts` knows how many there are. */
  failed: FailedDay[];
  paused: boolean;
  concurrency: number;
  /** Days after the range that may have become stale. */
  later: { first: string; last: string } | null;
  /** ISO instant of the very first start. */
  since: string;
  /** Milliseconds in which it was paused and nothing ran. */
  idle: number;
}

/** A day that is neither published nor left alone. */
export interface FailedDay {
  day: string;
  outcome: Outcome;
  step: string;
  /** The type of what failed the step, one of src/errors.ts; left out where it is not known. */
  type?: string;
  reason: string;
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
  /** Days under way, oldest first; models of the first one are being built, the others may be waiting for it. */
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
  /** `failed` where any day did. */
  outcome: 'published' | 'unchanged' | 'failed';
  counts: Record<Outcome, number>;
  rows: number;
  failed: FailedDay[];
  /** Days of the range that were not run, after a failed one ended the backfill. */
  notRun: number;
}

/** One line of the night's story. */
export interface StepTold {
  step: string;
  what: string;
  ms: number;
}

/** What a person sees of a running day; the answer to the query `progress`. */
export interface DayProgress {
  day: string;
  /** The step that is running, with its own count: `normalize`, 3 of 12 done. */
  step: string;
  done: number;
  total: number;
  /** What the day waits for, one sentence for each source; empty when it waits for nothing. */
  missing: string[];
  told: StepTold[];
}
