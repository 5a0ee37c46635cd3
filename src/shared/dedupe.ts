/**
 * Which columns make rows duplicates, and which row is kept: by default the first by object and line; otherwise the first or last by a
 * column, where rows without a value come after all others, and ties go to the first or last by object and line.
 */
export type DedupeBy =
  readonly string[] | { readonly key: readonly string[]; readonly keep: 'first' | 'last'; readonly by: string };

/** Returns the columns of the key; none if nothing is a duplicate. */
export const keyOf = (dedupeBy: DedupeBy): readonly string[] => ('key' in dedupeBy ? dedupeBy.key : dedupeBy);

/** Returns all columns that are named. */
export const columnsOfDedupe = (dedupeBy: DedupeBy): readonly string[] =>
  'key' in dedupeBy ? [...dedupeBy.key, dedupeBy.by] : dedupeBy;
