import { defineSearchAttributeKey } from '@temporalio/common';
import { defineQuery, defineSignal, setCurrentDetails, setHandler, upsertSearchAttributes } from '@temporalio/workflow';
import { SEARCH_ATTRIBUTE } from '../../src/shared/names.js';
import { type Text } from '../../src/shared/sentence.js';
import type { DayProgress, FinishedStep } from '../../src/shared/workflows.js';
import { detailsOf } from '../text.js';

/** The day is a Keyword holding the ISO date: as a Datetime the Web UI would shift it into the viewer's zone. */
export const attribute = {
  project: defineSearchAttributeKey(SEARCH_ATTRIBUTE.project, 'KEYWORD'),
  day: defineSearchAttributeKey(SEARCH_ATTRIBUTE.day, 'KEYWORD'),
  outcome: defineSearchAttributeKey(SEARCH_ATTRIBUTE.outcome, 'KEYWORD'),
  kind: defineSearchAttributeKey(SEARCH_ATTRIBUTE.kind, 'KEYWORD'),
};

const progressQuery = defineQuery<DayProgress>('progress');

/** Sent by a backfill to a gated day when the days before it are done. */
export const openSignal = defineSignal('open');

/** Shows a running day to people: the query `progress`, the current details, the search attributes. */
export interface Progress {
  readonly steps: readonly FinishedStep[];
  /** The step that is running. */
  readonly step: string;
  /** Begins a step of `total` pieces. */
  begin(step: string, total?: number): void;
  /** Counts another piece of the running step as done. */
  advance(): void;
  /** Shows what the running step waits for, one sentence each; empty if it waits for nothing. */
  waitFor(missing: readonly string[]): void;
  /** Ends the running step with what it did. */
  report(what: string, ms: number): void;
  /** Ends the progress. */
  end(outcome: string, notes: readonly Text[]): void;
}

/** Begins to show a day, in its first step. */
export function showProgress(day: string): Progress {
  const steps: FinishedStep[] = [];
  let step = 'recover';
  let done = 0;
  let total = 1;
  let missing: readonly string[] = [];
  upsertSearchAttributes([
    { key: attribute.day, value: day },
    { key: attribute.kind, value: 'day' },
    { key: attribute.outcome, value: 'running' },
  ]);
  setHandler(progressQuery, () => ({ day, step, done, total, missing: [...missing], steps: [...steps] }), {
    description: 'the running step and its progress, and what the steps before it did',
  });
  return {
    steps,
    get step() {
      return step;
    },
    begin: (next, pieces = 1) => {
      step = next;
      done = 0;
      total = pieces;
    },
    advance: () => {
      done++;
    },
    waitFor: (found) => {
      missing = found;
      if (found.length > 0) setCurrentDetails(detailsOf(`${day}: waits`, steps, found));
    },
    report: (what, ms) => {
      steps.push({ step, what, ms });
      setCurrentDetails(detailsOf(`${day}: ${step} is done`, steps));
    },
    end: (outcome, notes) => {
      upsertSearchAttributes([{ key: attribute.outcome, value: outcome }]);
      setCurrentDetails(detailsOf(`${day}: ${outcome}`, steps, notes));
    },
  };
}
