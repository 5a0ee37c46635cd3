import { ApplicationFailure } from '@temporalio/common';

/**
 * The closed list of failures that no retry can mend, each with its reason. Everything else is retried with backoff until the
 * project's `giveUpAfter`. A name of this list is the failure's type in a Temporal history.
 */
export const FINAL = {
  BadConfig: 'the project folder says something that Daybook does not understand; only an edit helps',
  BadSql: 'the engine refuses the statement or its result does not fit its table; only an edit helps',
  BadInput: 'a workflow was started with an input that it does not understand; another start with a right one helps',
  NotApplied: 'the live tables differ from the project; `daybook apply` comes first',
  ContractBroken: 'a build made rows that its table or its day cannot hold',
  TestFailed: 'a data test found rows that must not exist; readers keep what they have',
  TooManyRejects: 'more raw lines were rejected than the source allows',
  SourceNotReady:
    'the source had not arrived by its deadline, or its day is empty and the source says that this is a failure',
  EmptyListing: 'a listing came back empty where the ledger knows objects; a deletion must be said aloud',
  FolderRewritten:
    'objects that a day was published from are gone and new ones came: whether the new ones hold the old rows must be said',
  ObjectVanished: 'an object that the build needs is gone from the store',
  ObjectChanged: 'an object was rewritten between the listing and its reading; the next run lists it anew',
  BadObject: 'an object is not what its name claims, or cannot be read to its end',
  LookbackMissing: 'a day that the build looks back on should exist and is not published',
  AccountsDiffer: 'lines or rows went missing or came twice; nothing is published',
  AccessDenied: 'a service refuses the credentials it was given',
  TakenBack: 'the publish met a final error and was taken back; readers have what they had before',
  Superseded: 'a newer build of the same day exists; the older one must not publish',
  LedgerTooNew: 'the ledger was written by a newer Daybook; this one might misread it',
  Bug: 'Daybook itself is wrong; a retry meets the same code',
  Held: 'the day is held as it is until it is released',
  DayRunning: 'the day is being built, compared or rolled back by another run',
  NothingPublished: 'there is no publish of the day that could be taken back',
  OnlyPublish: 'a rollback would leave readers no row of the day, which must be asked for explicitly',
  ArchiveLost: 'what stood before a publish is archived no more, or not as it was',
  LiveDiffers: 'a live table holds other rows than were published; something else wrote into it',
} as const;

export type FinalType = keyof typeof FINAL;

export interface FinalOptions {
  /** What is kept beside the message for programs: step, object, test, command. Never a secret. */
  details?: Record<string, unknown>;
  cause?: unknown;
}

/** A failure that must not be retried. `message` says what was found, what was expected and what to do. */
export function final(type: FinalType, message: string, options: FinalOptions = {}): ApplicationFailure {
  return ApplicationFailure.create({
    type,
    message,
    nonRetryable: true,
    ...(options.details ? { details: [options.details] } : {}),
    ...(options.cause instanceof Error ? { cause: options.cause } : {}),
  });
}

/** True for a failure made by {@link final}, wherever it was wrapped on its way. */
export const isFinal = (error: unknown): error is ApplicationFailure =>
  error instanceof ApplicationFailure && error.nonRetryable === true;

/** The text of anything thrown; an `AggregateError` (as Node throws for a refused connection) gives its parts. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
