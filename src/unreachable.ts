import { command } from './shared/commands.js';
import { sentence, type Text } from './shared/sentence.js';

/** Node's codes for a connection that failed or was closed. */
const CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);

/**
 * Says what to do about a service that does not answer; `variable` holds its address.
 *
 * @param chosen the user has named a service: then a local stack is not used
 */
export const startOrName = (variable: string, chosen = false): Text =>
  chosen
    ? `Start it, or correct ${variable}.`
    : sentence(`Set ${variable}, or start the local stack: `, command.local('up', '--detach'));

/** Returns the code of an error that means that a service was not reached, such as `ECONNREFUSED`; undefined for others. */
export function unreachable(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as NodeJS.ErrnoException;
  if (code !== undefined && CODES.has(code)) return code;
  const parts: unknown[] = error instanceof AggregateError ? error.errors : [error.cause];
  for (const part of parts) {
    const found = unreachable(part);
    if (found !== undefined) return found;
  }
  return undefined;
}
