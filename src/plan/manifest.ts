import { z } from 'zod';
import { sumAccounts, type FolderAccount, type ObjectAccount, type QuarantinedObject } from '../shared/accounts.js';
import { exactly } from '../shared/exactly.js';
import type { StoredObject } from '../store/object.js';
import { day, count, fingerprint } from './fields.js';

export const storedObject = exactly<StoredObject>()(z.strictObject({ key: z.string(), etag: z.string(), size: count }));

const objectAccount = exactly<ObjectAccount>()(
  z.strictObject({
    object: z.string(),
    lines: count,
    rows: count,
    rejected: count,
    skipped: count,
    blank: count,
    outside: count.optional(),
  }),
);

const quarantinedObject = exactly<QuarantinedObject>()(z.strictObject({ object: z.string(), reason: z.string() }));

/** The commit of a normalized chunk: the first manifest written for a (chunk, normalizer) wins, and every build uses it. */
export const manifest = z.strictObject({
  format: z.literal(1),
  project: z.string(),
  source: z.string(),
  folder: day,
  chunk: fingerprint,
  normalizer: fingerprint,
  objects: z.array(storedObject),
  /** Key of the Parquet object that holds every line's fate; empty if no object was left to read. */
  parquet: z.string(),
  rowsByDay: z.record(day, count),
  accounts: z.array(objectAccount),
  /** Bad objects that were left out, if the source allows it; their accounts are all zero. */
  quarantined: z.array(quarantinedObject),
});

export type Manifest = z.infer<typeof manifest>;

/** What a load takes from a manifest: of its objects only counts, because a day may have very many. */
export interface ChunkDigest extends Pick<
  Manifest,
  'folder' | 'chunk' | 'normalizer' | 'parquet' | 'rowsByDay' | 'quarantined'
> {
  objects: number;
  account: FolderAccount;
  /** Rejected lines whose only fault is their day. */
  outside: number;
}

export const digestOf = (of: Manifest): ChunkDigest => ({
  ...{ folder: of.folder, chunk: of.chunk, normalizer: of.normalizer, parquet: of.parquet },
  ...{ rowsByDay: of.rowsByDay, quarantined: of.quarantined },
  objects: of.objects.length,
  account: sumAccounts(of.accounts),
  outside: of.accounts.reduce((sum, { outside = 0 }) => sum + outside, 0),
});
