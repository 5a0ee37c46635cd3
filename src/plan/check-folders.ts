import type { SourceConfig } from '../project/config/config.js';
import { markerKey } from '../project/config/prefix.js';
import { warning } from '../project/problems.js';
import type { Problem, Project } from '../project/project.js';
import { addDays, dayIn, daysBetween } from '../shared/day.js';
import { plural } from '../shared/format.js';
import type { ListedObject, Store } from '../store/store.js';
import { dataObjects, notData, rulesOf, TABLE_LOGS, tableLogIn, tableLogText } from './listing.js';

type Looking = Pick<Store, 'list' | 'holds' | 'encodingOf'>;

/** Days before today whose folders are looked at. */
const LOOKED_AT = 3;

/** What the newest folders of the sources show that may not be what was meant. Throws what the store throws. */
export async function checkFolders(project: Project, store: Looking, now: Date): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const [name, config] of Object.entries(project.config.sources))
    problems.push(...(await checkSource(name, config, store, now)));
  return problems;
}

async function checkSource(name: string, config: SourceConfig, store: Looking, now: Date): Promise<Problem[]> {
  const where = `sources.${name}`;
  const today = dayIn(config.folderZone, now);
  const folders: { day: string; listed: ListedObject[] }[] = [];
  for (const day of daysBetween(addDays(today, -LOOKED_AT), addDays(today, -1)))
    folders.push({ day, listed: await store.list(config.bucket, rulesOf(config, day).prefix) });
  const filled = folders.filter(({ day, listed }) => dataObjects(listed, rulesOf(config, day)).length > 0);
  return [
    ...(await markerProblems(where, config, store, filled)),
    ...unfinishedProblems(where, config, folders),
    ...(await logProblems(where, config, store, folders)),
    ...archivedProblems(where, config, filled),
    ...(await encodingProblems(where, config, store, filled)),
  ];
}

type Folder = { day: string; listed: readonly ListedObject[] };

/** Folders with data, and none with the marker: it is probably written elsewhere, and each run would wait for it until its deadline. */
async function markerProblems(
  where: string,
  { bucket, prefix, ready }: SourceConfig,
  store: Pick<Store, 'list'>,
  filled: readonly Folder[],
): Promise<Problem[]> {
  if (!('marker' in ready) || filled.length === 0) return [];
  const keys = filled.map(({ day }) => markerKey(prefix, ready.marker, day));
  for (const key of new Set(keys)) if ((await store.list(bucket, key)).some((object) => object.key === key)) return [];
  return [
    warning(
      `${where}.ready.marker`,
      `found ${plural(filled.length, 'folder')} with data in the last ${LOOKED_AT} days, but no marker: looked for ${keys.at(-1) ?? ''}`,
      "Correct its name: '_SUCCESS' is in the folder, '../_SUCCESS' above it, '/done/{YYYY}-{MM}-{DD}' counts from the bucket's root.",
    ),
  ];
}

/** Warns once of all objects with one fault, naming the first. */
const objectsProblem = (
  where: string,
  found: readonly ListedObject[],
  fault: (first: ListedObject) => string,
  fix: string,
): Problem[] =>
  found
    .slice(0, 1)
    .map((first) => warning(`${where}.prefix`, `found ${plural(found.length, 'object')} ${fault(first)}`, fix));

function unfinishedProblems(where: string, config: SourceConfig, folders: readonly Folder[]): Problem[] {
  const found = folders.flatMap(({ day, listed }) =>
    listed.filter(({ key, size }) => size > 0 && notData(key, rulesOf(config, day)) === 'unfinished'),
  );
  return objectsProblem(
    where,
    found,
    ({ key }) => `named as if not finished, first ${key}: they are not read`,
    'Remove them if they are leftovers, rename them, or set include to patterns that match them.',
  );
}

/** The log of a table is beside the files, or above the folders, where the part of the prefix without a date ends. */
async function logProblems(
  where: string,
  config: SourceConfig,
  store: Pick<Store, 'holds'>,
  folders: readonly Folder[],
): Promise<Problem[]> {
  const beside = folders.flatMap(({ day, listed }) => tableLogIn(listed, rulesOf(config, day).prefix) ?? []);
  const found = beside.length > 0 ? beside : await logsAbove(config, store);
  return found
    .slice(0, 1)
    .map((log) =>
      warning(
        `${where}.prefix`,
        tableLogText(log),
        'Let the table write its rows to a place of their own, or compact it with a retention of zero before the folder is read.',
      ),
    );
}

async function logsAbove({ bucket, prefix }: SourceConfig, store: Pick<Store, 'holds'>): Promise<string[]> {
  const still = prefix.slice(0, prefix.indexOf('{'));
  const names = still.slice(0, still.lastIndexOf('/') + 1).split('/');
  const places = names.map((_, index) =>
    names
      .slice(0, index)
      .map((name) => `${name}/`)
      .join(''),
  );
  for (const place of places.reverse())
    for (const log of TABLE_LOGS) if (await store.holds(bucket, place + log)) return [place + log];
  return [];
}

/** Amazon's classes of objects that must be restored before they can be read. */
const ARCHIVE_CLASSES = ['GLACIER', 'DEEP_ARCHIVE'];

function archivedProblems(where: string, config: SourceConfig, folders: readonly Folder[]): Problem[] {
  const found = folders.flatMap(({ day, listed }) =>
    dataObjects(listed, rulesOf(config, day)).filter(({ storageClass }) => ARCHIVE_CLASSES.includes(storageClass)),
  );
  return objectsProblem(
    where,
    found,
    ({ key, storageClass }) =>
      `in an archive storage class, first ${key} (${storageClass}): they are bad objects until they are restored`,
    'Restore them, or let the lifecycle rule archive them later.',
  );
}

/** Some stores unzip such objects for their readers, and still list the size and the checksum of the zipped bytes. */
async function encodingProblems(
  where: string,
  config: SourceConfig,
  store: Pick<Store, 'encodingOf'>,
  folders: readonly Folder[],
): Promise<Problem[]> {
  const [object] = folders.flatMap(({ day, listed }) => dataObjects(listed, rulesOf(config, day))).slice(-1);
  const encoding = object ? await store.encodingOf(config.bucket, object.key) : '';
  return object && !['', 'identity', 'aws-chunked'].includes(encoding)
    ? [
        warning(
          `${where}.prefix`,
          `${object.key} has Content-Encoding ${encoding}: Google Cloud Storage, for example, sends such objects unzipped, so that their bytes do not match their name and size`,
          `Upload objects without Content-Encoding, under a name that says how they are compressed, such as .json.gz.`,
        ),
      ]
    : [];
}
