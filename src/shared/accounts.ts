/** What became of one object's raw lines: lines = rows + rejected + skipped + blank. */
export interface ObjectAccount {
  object: string;
  lines: number;
  rows: number;
  rejected: number;
  skipped: number;
  blank: number;
  /** Of the rejected ones, those whose only fault is their day: it is none that the folder may hold. */
  outside?: number | undefined;
}

/** An object that was left out, and why: it cannot be read to its end, or does not have the source's format. */
export interface QuarantinedObject {
  object: string;
  reason: string;
}

/** Sums of a folder's objects. */
export type FolderAccount = Omit<ObjectAccount, 'object' | 'outside'>;

/** Sums of chunks, with how many bad objects were left out. */
export interface NormalizedCounts extends FolderAccount {
  quarantined: number;
}

/** Checks that every raw line has exactly one fate. @returns one sentence for each object for which that is not true. */
export const folderImbalances = (accounts: readonly ObjectAccount[]): string[] =>
  accounts
    .filter(({ lines, rows, rejected, skipped, blank }) => lines !== rows + rejected + skipped + blank)
    .map(
      ({ object, lines, rows, rejected, skipped, blank }) =>
        `${object}: ${lines} lines, but ${rows} rows + ${rejected} rejected + ${skipped} skipped + ${blank} blank = ${rows + rejected + skipped + blank}`,
    );

export const sumAccounts = (accounts: readonly FolderAccount[]): FolderAccount =>
  accounts.reduce<FolderAccount>(
    (sum, { lines, rows, rejected, skipped, blank }) => ({
      lines: sum.lines + lines,
      rows: sum.rows + rows,
      rejected: sum.rejected + rejected,
      skipped: sum.skipped + skipped,
      blank: sum.blank + blank,
    }),
    { lines: 0, rows: 0, rejected: 0, skipped: 0, blank: 0 },
  );

/** Checks that every row of the manifests is loaded or a duplicate. @returns a sentence if that is not true. */
export const dayImbalance = (
  table: string,
  promised: number,
  loaded: number,
  duplicates: number,
): string | undefined =>
  promised === loaded + duplicates
    ? undefined
    : `${table}: the manifests contain ${promised} rows, but ${loaded} loaded + ${duplicates} duplicates = ${loaded + duplicates}`;

/** Returns how many rejected lines a folder of `lines` lines may have, by a share or a fixed number. */
export const mostRejects = (limit: { share?: number | undefined; lines?: number | undefined }, lines: number): number =>
  limit.lines ?? shareOf(limit.share, lines);

/** Returns how many failing rows a test over `rows` rows tolerates, by a share or a fixed number. */
export const mostFailing = (limit: { share?: number | undefined; rows?: number | undefined }, rows: number): number =>
  limit.rows ?? shareOf(limit.share, rows);

/** Rounds down, after rounding to twelve digits: 0.29 * 100 is slightly less than 29. */
const shareOf = (share = 0, of: number): number => Math.floor(Number((share * of).toPrecision(12)));
