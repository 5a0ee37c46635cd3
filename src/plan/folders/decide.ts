import type { FolderAnswer } from '../../ledger/records.js';
import type { SourceConfig } from '../../project/config/config.js';
import { folderPrefix } from '../../project/config/prefix.js';
import type { Day } from '../../shared/day.js';
import type { VanishedChoice } from '../../shared/inputs/choice.js';
import { objectUrl } from '../../shared/names.js';
import type { Dependencies } from '../../step/dependencies.js';
import { objectName, type StoredObject } from '../../store/object.js';
import type { KnownChunk } from '../known.js';
import { notData, rulesOf } from '../listing.js';
import type { SourceQuestion } from './text.js';
import { compareFolders, decideVanished, isDoubtful, type FolderFacts, type VanishedDecision } from './vanished.js';

export interface VanishedOf {
  source: string;
  config: SourceConfig;
  day: Day;
  /** Ids of the chunks with rows of the published day. */
  published: readonly string[];
  /** Left out if unknown: then the newest records count. */
  normalizer?: string;
  recorded: readonly KnownChunk[];
  listed: ReadonlyMap<Day, readonly StoredObject[]>;
  choice: VanishedChoice;
  range: boolean;
  force: boolean;
}

/** Decides what vanished objects mean for a day, by the ledger and the user's choice; see {@link decideVanished}. */
export async function decideFolders(
  deps: Pick<Dependencies, 'ledger'>,
  of: VanishedOf,
): Promise<{ facts: FolderFacts[]; decision: VanishedDecision; question: SourceQuestion | undefined }> {
  const { source, config, day } = of;
  const { onVanish, onEmpty } = config;
  const isData = (key: string, folder: Day) => notData(key, rulesOf(config, folder)) === undefined;
  const facts = compareFolders({ ...of, isData });
  const doubtful = isDoubtful(day, facts);
  const [answers, barren] = await Promise.all([
    doubtful ? deps.ledger.folderAnswers(source, day) : ([] as FolderAnswer[]),
    barrenObjects(deps, of, facts),
  ]);
  const decision = decideVanished({ ...of, facts, onVanish, onEmpty, answers, barren });
  const folder = objectUrl(config.bucket, folderPrefix(config.prefix, day));
  const question = decision.question && { source, folder, onVanish, onEmpty, facts, question: decision.question };
  return { facts, decision, question };
}

/** Finds vanished objects that never had a row, such as a bad one that was uploaded again under another name. */
async function barrenObjects(
  { ledger }: Pick<Dependencies, 'ledger'>,
  { source, recorded, published }: VanishedOf,
  facts: readonly FolderFacts[],
): Promise<Set<string>> {
  const gone = new Map(facts.flatMap((one) => one.gone.map((object) => [objectName(object), object] as const)));
  if (gone.size === 0 || facts.every(({ fresh }) => fresh.length === 0)) return new Set();
  const used = recorded
    .filter(({ id }) => published.includes(id))
    .filter(({ objects }) => objects.some((object) => gone.has(objectName(object))));
  const folders = used.map(({ folder }) => folder).sort();
  const [first, last] = [folders[0], folders.at(-1)];
  if (first === undefined || last === undefined) return new Set();
  const normalizers = new Set(used.flatMap(({ rowsByDay }) => [...rowsByDay.keys()]));
  const accounts = await Promise.all(
    [...normalizers].map((normalizer) =>
      ledger.folderAccounts(
        source,
        first,
        last,
        used.map(({ id }) => ({ id, normalizer })),
      ),
    ),
  );
  const fruitful = new Set(
    accounts
      .flat()
      .filter(({ rows }) => rows > 0)
      .map(({ object }) => object),
  );
  const counted = new Set(accounts.flat().map(({ object }) => object));
  return new Set([...gone].filter(([, { key }]) => counted.has(key) && !fruitful.has(key)).map(([name]) => name));
}
