import { ActivityFailure, ApplicationFailure, TemporalFailure } from '@temporalio/common';

/**
 * Rethrows everything that is not a Temporal failure (those of src/errors.ts are). A `TypeError` in workflow code is a bug and says
 * nothing about the day: rethrown, it fails the workflow task, which is retried until a fixed worker takes over. Every `catch` in a
 * workflow begins with this call, and nothing is awaited before it: a cleanup would become part of the history. `ContinueAsNew`
 * passes through in the same way.
 */
export function throwIfBug(error: unknown): asserts error is TemporalFailure {
  if (!(error instanceof TemporalFailure)) throw error;
}

/** Returns the failure that an activity ended with, or the failure itself. */
export function thrownIn(error: unknown): ApplicationFailure | undefined {
  const thrown = error instanceof ActivityFailure ? error.cause : error;
  return thrown instanceof ApplicationFailure ? thrown : undefined;
}
