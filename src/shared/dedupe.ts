/**
 * By which columns rows are duplicates of each other, and which of them stays: by default the first by object and line; otherwise the
 * first or last by a column, where rows without a value in it come after all others, and ties go to the first or last by object and line.
 */
export type DedupeBy =
  readonly string[] | { readonly key: readonly string[]; readonly keep: 'first' | 'last'; readonly by: string };

/** Columns of the key; none where nothing is a duplicate. */
export const keyOf = (dedupeBy: DedupeBy): readonly string[] => ('key' in dedupeBy ? dedupeBy.key : dedupeBy);

/** All columns that are named. */
export const columnsOfDedupe = (dedupeBy: DedupeBy): readonly string[] =>
  'key' in dedupeBy ? [...dedupeBy.key, dedupeBy.by] : dedupeBy;
