import { final } from '../errors.js';
import { command } from '../shared/commands.js';
import { sentence, type Text } from '../shared/sentence.js';

/** What distinguishes a project from another one of the same name. */
export interface Identity {
  /** Empty for a project whose config has none. */
  id: string;
  database: string;
  /** The project's own bucket, not those of its sources. */
  bucket: string;
}

/** The part of a config that an {@link Identity} is read from. */
export interface Identified {
  project: string;
  id?: string | undefined;
  database: string;
  store: { bucket: string };
}

export const identityOf = ({ id = '', database, store }: Identified): Identity => ({
  id,
  database,
  bucket: store.bucket,
});

/** Says that a name belongs to another project; undefined if it belongs to this one, or to none yet. */
export function otherProject(config: Identified, owner: Identity | undefined): Text | undefined {
  const mine = identityOf(config);
  if (!owner || (owner.id === mine.id && owner.database === mine.database && owner.bucket === mine.bucket))
    return undefined;
  return sentence(
    `The ledger knows another project '${config.project}': ${identityText(owner)}. This one has ${identityText(mine)}. `,
    `Name it otherwise (project, in its config). If it is the same project and was changed on purpose, run: `,
    command.apply('--same-project'),
  );
}

const identityText = ({ id, database, bucket }: Identity): string =>
  [database && `database ${database}`, `bucket ${bucket}`, id === '' ? 'no id' : `id ${id}`].filter(Boolean).join(', ');

/** @throws a final OtherProject if the name belongs to another project */
export function assertOwner(config: Identified, owner: Identity | undefined): void {
  const text = otherProject(config, owner);
  if (text !== undefined) throw final('OtherProject', text);
}
