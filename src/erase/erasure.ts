import { z } from 'zod';
import { final } from '../errors.js';
import { command } from '../shared/commands.js';
import { exactly } from '../shared/exactly.js';
import { sentence } from '../shared/sentence.js';
import type { Dependencies } from '../step/dependencies.js';

/*
 * What is to be erased is a condition that names a person, so that it must not stay in a Temporal history or in the ledger. It is kept
 * in an object of the store while the erasure runs, and workflows get its id alone.
 */

/** Rows that are to be erased. */
export interface Erasure {
  /** Random: a hash of the condition could be guessed. */
  id: string;
  table: string;
  /** A SQL expression over the columns of the table, as the user wrote it. */
  where: string;
  /** Rejected lines that contain this text are erased, too. */
  text?: string | undefined;
}

const kept = exactly<Erasure>()(
  z.strictObject({ id: z.string(), table: z.string(), where: z.string(), text: z.string().optional() }),
);

type Place = { project: string; bucket: string; prefix: string };

async function erasurePlace(deps: Dependencies): Promise<Place> {
  const { config } = await deps.loadProject();
  return { project: config.project, bucket: config.store.bucket, prefix: config.store.normalized };
}

const erasuresFolder = ({ project, prefix }: Place) => `${prefix}${project}/_erasures/`;
const erasureKey = (place: Place, id: string) => `${erasuresFolder(place)}${id}.json`;

/** Keeps an erasure until it is done; one that was begun for the same rows is continued. */
export async function keepErasure(deps: Dependencies, asked: Erasure): Promise<Erasure> {
  const place = await erasurePlace(deps);
  for (const { key } of await deps.store.list(place.bucket, erasuresFolder(place))) {
    const text = await deps.store.read(place.bucket, key);
    const begun = text === undefined ? undefined : kept.parse(JSON.parse(text));
    if (begun?.table === asked.table && begun.where === asked.where && begun.text === asked.text) return begun;
  }
  await deps.store.write(place.bucket, erasureKey(place, asked.id), JSON.stringify(asked));
  return asked;
}

/** Reads what is to be erased; undefined if the erasure is done already. */
export async function erasureOf(deps: Dependencies, id: string): Promise<Erasure | undefined> {
  const place = await erasurePlace(deps);
  const text = /^[0-9a-f-]+$/.test(id) ? await deps.store.read(place.bucket, erasureKey(place, id)) : undefined;
  return text === undefined ? undefined : kept.parse(JSON.parse(text));
}

/**
 * Reads what is to be erased.
 *
 * @throws a final ObjectVanished if the erasure is done already
 */
export async function readErasure(deps: Dependencies, id: string): Promise<Erasure> {
  const erasure = await erasureOf(deps, id);
  if (erasure === undefined)
    throw final(
      'ObjectVanished',
      sentence(
        `There is no erasure ${id}: it is done, or its object was deleted. To erase rows: `,
        command.erase('TABLE', 'CONDITION'),
      ),
    );
  return erasure;
}

/** Forgets what was erased. */
export async function forgetErasure(deps: Dependencies, id: string): Promise<void> {
  const place = await erasurePlace(deps);
  await deps.store.remove(place.bucket, [erasureKey(place, id)]);
}
