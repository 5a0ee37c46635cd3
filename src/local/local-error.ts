/** A problem of the local stack that the user can fix; the message says how. Commands print it and exit with 1. */
export class LocalStackError extends Error {
  override name = 'LocalStackError';
}
