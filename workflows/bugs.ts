import { TemporalFailure } from '@temporalio/common';

/**
 * Throws what is no failure of Temporal's kinds, to which those of src/errors.ts belong. A `TypeError` in workflow
 * code is a bug, and says nothing of the day. Thrown out of the workflow it fails the workflow task, which is tried again until a
 * fixed worker goes on. Every `catch` in a workflow begins with it, and nothing is awaited between a bug and its throw: a clean-up
 * would become part of the history. A history that begins again (`ContinueAsNew`) passes in the same way.
 */
export function throwIfBug(error: unknown): asserts error is TemporalFailure {
  if (!(error instanceof TemporalFailure)) throw error;
}
