import { ApplicationFailure, TemporalFailure } from '@temporalio/common';
import type { Command } from './shared/commands.js';
import { commandsIn, isCommand, plain, type Text } from './shared/sentence.js';

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
  ArchiveLost: 'what stood before a publish is archived no more, or not as it was',
  LiveDiffers: 'a live table holds other rows than were published; something else wrote into it',
} as const;

export type FinalType = keyof typeof FINAL;

export interface FinalOptions {
  /** What is kept beside the message for programs: step, object, test. Never a secret. The message's commands come by themselves. */
  details?: Record<string, unknown>;
  cause?: unknown;
}

/** A failure that must not be retried. `message` says what was found, what was expected and what to do. */
export const final = (type: FinalType, message: Text, options: FinalOptions = {}): ApplicationFailure =>
  failure(type, true, message, options);

/** The failure that ends a workflow, with what it keeps beside the message. */
export const failedBy = (type: string, message: Text, details: object = {}): ApplicationFailure =>
  failure(type, true, message, { details: { ...details } });

/** A failure that is worth a retry and names what a person can do meanwhile. */
export const passing = (message: Text, options: FinalOptions = {}): ApplicationFailure =>
  failure('Error', false, message, options);

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

/** True for a failure made by {@link final}, wherever it was wrapped on its way. */
export const isFinal = (error: unknown): error is ApplicationFailure =>
  error instanceof ApplicationFailure && error.nonRetryable === true;

/** The text of anything thrown; an `AggregateError` (as Node throws for a refused connection) gives its parts. */
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
