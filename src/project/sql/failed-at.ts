import { final, isFinal, messageOf, type FinalType } from '../../errors.js';
import { lackingStop } from '../../shared/sentence.js';
import { callOf, withoutComments } from './place.js';

/** A SELECT of the project, and the line of its file on which it begins; without the line in plans of earlier versions. */
export interface PlacedSelect {
  path: string;
  line?: number | undefined;
  select: string;
}

/** Failures that the engine blames on the statement. */
const OF_STATEMENTS: ReadonlySet<string> = new Set<FinalType>(['BadSql', 'ContractBroken']);

/**
 * Waits for a statement that the SELECT is part of. If the engine refuses it, the error continues with the place in the user's file:
 * the line of the function that failed, if one line alone calls it, otherwise the first line of the SELECT.
 *
 * @param onlyCalled names a place only if the SELECT itself calls the function that failed, because most of the statement is ours
 */
export async function placedIn<Result>(
  { path, line, select }: PlacedSelect,
  running: Promise<Result>,
  { onlyCalled = false }: { onlyCalled?: boolean } = {},
): Promise<Result> {
  try {
    return await running;
  } catch (error) {
    const [details] = (isFinal(error) ? error.details : undefined) ?? [];
    const { code, called } = (details ?? {}) as { code?: unknown; called?: unknown };
    if (!isFinal(error) || code === undefined || !OF_STATEMENTS.has(error.type ?? '')) throw error;
    const lines = typeof called === 'string' ? linesCalling(select, called) : [];
    if (onlyCalled && lines.length === 0) throw error;
    const [at = 0] = lines.length === 1 ? lines : [];
    const place = line === undefined ? path : `${path}:${line + at}`;
    const message = messageOf(error);
    throw final(error.type as FinalType, `${message}${lackingStop(message)} See ${place}.`, {
      details: details as Record<string, unknown>,
      cause: error.cause,
    });
  }
}

/** Returns the lines of a SELECT, from 0, that call a function. */
function linesCalling(select: string, name: string): number[] {
  const lines = withoutComments(select).split('\n');
  return lines.flatMap((text, index) => (callOf(name).test(text) ? [index] : []));
}

/** Returns the line of a file on which its SELECT begins, from 1. */
export const lineOfSelect = ({ text, select }: { text: string; select: string }): number =>
  text.slice(0, text.indexOf(select)).split('\n').length;
