/** What became of one object's raw lines: lines = rows + rejected + skipped + blank. */
export interface ObjectAccount {
  object: string;
  lines: number;
  rows: number;
  rejected: number;
  skipped: number;
  blank: number;
}

/** An object that no row was taken from, and why: it can't be read to its end, or is not what its source holds. */
export interface QuarantinedObject {
  object: string;
  reason: string;
}

/** Sums of a folder's objects. */
export type FolderAccount = Omit<ObjectAccount, 'object'>;

/** Every raw line has exactly one fate. Answers one sentence for each object of which that is not true. */
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

/** Every row that the manifests promise for a day is in its table, or is a duplicate. A sentence, or undefined when that holds. */
export const dayImbalance = (
  table: string,
  promised: number,
  loaded: number,
  duplicates: number,
): string | undefined =>
  promised === loaded + duplicates
    ? undefined
    : `${table}: the manifests promise ${promised} rows, but ${loaded} loaded + ${duplicates} duplicates = ${loaded + duplicates}`;

/** The number of rejected lines above which a folder of `lines` lines fails, by a share or a fixed number. */
export const mostRejects = (limit: { share?: number | undefined; lines?: number | undefined }, lines: number): number =>
  limit.lines ?? shareOf(limit.share, lines);

/** The number of failing rows up to which a test that may read `rows` rows of the day passes, by a share or a fixed number. */
export const mostFailing = (limit: { share?: number | undefined; rows?: number | undefined }, rows: number): number =>
  limit.rows ?? shareOf(limit.share, rows);

/** Twelve digits, because 0.29 * 100 is a little less than 29. */
const shareOf = (share = 0, of: number): number => Math.floor(Number((share * of).toPrecision(12)));
