/** Something about the local stack that the user can put right; the message says how. Commands print it and exit with 1. */
export class LocalStackError extends Error {
  override name = 'LocalStackError';
}
