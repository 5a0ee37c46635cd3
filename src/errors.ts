import { ApplicationFailure, TemporalFailure } from '@temporalio/common';
import type { Command } from './shared/commands.js';
import { commandsIn, isCommand, plain, type Text } from './shared/sentence.js';

/**
 * The closed list of failures that no retry can fix, each with its reason. Everything else is retried with backoff until the
 * project's `giveUpAfter`. The name is the failure type in a Temporal history.
 */
export const FINAL = {
  BadConfig: 'the project folder contains something that Daybook does not understand; edit it',
  BadSql: 'ClickHouse refuses the statement, or its result does not fit the table; edit it',
  BadInput: 'a workflow was started with an input that it does not accept; start it with another one',
  NotApplied: 'the live tables differ from the project; run `daybook apply` first',
  OtherProject: 'the ledger knows another project under the same name; one of the two needs another name',
  ContractBroken: 'a build produced rows that the table or the day cannot hold',
  TestFailed: 'a data test found rows that must not exist; readers keep what they have',
  TooManyRejects: 'more raw lines were rejected than the source allows',
  SourceNotReady: 'the source was not complete by its deadline, or its folder is empty and `onEmpty` is `fail`',
  EmptyListing: 'a folder is empty although the ledger knows objects in it; a person has to decide',
  FolderRewritten:
    'objects of a published day vanished and new ones arrived; a person has to decide whether they hold the same rows',
  ObjectVanished: 'an object that the build needs no longer exists',
  ObjectChanged: 'an object was overwritten between listing and reading; the next run lists it again',
  BadObject: 'an object is not what its name claims, or cannot be read to its end',
  LimitReached: "a statement needs more than the project's limits allow; raise them, or give it less to do",
  LookbackMissing: 'a day within the lookback should be published and is not',
  AccountsDiffer: 'lines or rows were lost or counted twice; nothing is published',
  AccessDenied: 'a service refused the credentials',
  TakenBack: 'the publish hit a final error and was rolled back; readers have what they had before',
  FunctionReplaced: 'a SQL function was replaced while the day was built; the next run uses the new one',
  NodeLost: 'the ClickHouse node on which the day was being built does not answer; it is built on another one',
  SeveralNodes: 'several ClickHouse nodes answer at one address; name one of them',
  Superseded: 'a newer build of the same day exists; the older one must not publish',
  LedgerTooNew: 'the ledger was written by a newer Daybook; this one might misread it',
  Bug: 'an error in Daybook itself; a retry would run the same code',
  Held: 'the day is held until it is released',
  DayRunning: 'another run is building, comparing or rolling back the day',
  NothingPublished: 'the day has no such publish to roll back to',
  OnlyPublish: 'a rollback would leave readers without the day, which must be asked for explicitly',
  ArchiveLost: 'the archive from before a publish no longer exists, or has changed',
  ArchiveDiffers: 'an archive holds other rows than were published; something else had written to the live table',
  LiveDiffers: 'a live table holds other rows than were published; something else wrote to it',
} as const;

export type FinalType = keyof typeof FINAL;

export interface FinalOptions {
  /** Kept with the message, for programs: step, object, test. Never a secret. The message's commands are added. */
  details?: Record<string, unknown>;
  cause?: unknown;
}

/** Creates a failure that must not be retried. `message` says what was found, what was expected and what to do. */
export const final = (type: FinalType, message: Text, options: FinalOptions = {}): ApplicationFailure =>
  failure(type, true, message, options);

/** Creates the failure that ends a workflow, with what it keeps beside the message. */
export const failedBy = (type: string, message: Text, details: object = {}): ApplicationFailure =>
  failure(type, true, message, { details: { ...details } });

/** Type of a failure that passes: a service does not answer, or lacks memory, or no worker polls. */
const PASSING = 'Unavailable';

/** Creates a failure that is worth a retry, and says what to do meanwhile. */
export const passing = (message: Text, options: FinalOptions = {}): ApplicationFailure =>
  failure(PASSING, false, message, options);

/** The commands of the message travel in the details, so that they arrive where the failure does. */
function failure(type: string, nonRetryable: boolean, message: Text, { details, cause }: FinalOptions) {
  const commands = commandsIn(message);
  const kept = { ...details, ...(commands.length > 0 ? { commands } : {}) };
  return ApplicationFailure.create({
    type,
    message: plain(message),
    nonRetryable,
    ...(Object.keys(kept).length > 0 ? { details: [kept] } : {}),
    ...(cause instanceof Error ? { cause } : {}),
  });
}

/** True for a failure that must not be retried. */
export const isFinal = (error: unknown): error is ApplicationFailure =>
  error instanceof ApplicationFailure && error.nonRetryable === true;

/** The type of a failure that Daybook explains, final or passing; undefined for a bug. */
export const explainedAs = (error: unknown): string | undefined =>
  isFinal(error) || (error instanceof ApplicationFailure && error.type === PASSING)
    ? (error.type ?? undefined)
    : undefined;

/** Returns the message of anything thrown; of an `AggregateError` (a refused connection, in Node) those of its parts. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}

/** What a failure says, with the commands that it names. */
export function textOf(error: unknown): Text {
  const [text, commands] = [messageOf(error), commandsOf(error)];
  return commands.length > 0 ? { text, commands } : text;
}

/** {@link textOf} the failure that the others of a chain wrap, as Temporal's `rootCause`. */
export const rootText = (error: unknown): Text =>
  error instanceof TemporalFailure && error.cause ? rootText(error.cause) : textOf(error);

/** The commands that a failure keeps beside its message; none for a failure of an earlier version. */
export function commandsOf(error: unknown): Command[] {
  const [kept] = (error instanceof ApplicationFailure ? (error.details ?? []) : []) as { commands?: unknown }[];
  const commands = kept?.commands;
  return Array.isArray(commands) ? commands.filter(isCommand) : [];
}
