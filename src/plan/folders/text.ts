import { command } from '../../shared/commands.js';
import { plural } from '../../shared/format.js';
import { sentence, type Text } from '../../shared/sentence.js';
import type { StoredObject } from '../../store/object.js';
import { twinsOf, type FolderFacts, type FolderQuestion, type VanishedDecision } from './vanished.js';

/* Sentences about folders with vanished objects; the same in errors, in plans and in `status`. */

/** A question about the folders of one source of a day. */
export interface SourceQuestion {
  source: string;
  /** `s3://bucket/prefix` of the day's own folder. */
  folder: string;
  onVanish: 'keep' | 'rebuild' | 'fail';
  onEmpty: 'fail' | 'publish' | 'skip';
  facts: readonly FolderFacts[];
  question: FolderQuestion;
}

/** The error type for each kind of question. */
export const FAILURE_OF = {
  vanished: 'ObjectVanished',
  rewritten: 'FolderRewritten',
  emptied: 'EmptyListing',
  empty: 'SourceNotReady',
} as const satisfies Record<FolderQuestion['kind'], string>;

/** Selects the questions to ask first: all of one kind, so that an answer never decides something that the user has not seen. */
export function firstQuestions(questions: readonly SourceQuestion[]): SourceQuestion[] {
  const kind = (['vanished', 'rewritten', 'emptied', 'empty'] as const).find((one) =>
    questions.some(({ question }) => question.kind === one),
  );
  return questions.filter(({ question }) => question.kind === kind);
}

/** Writes what was found, what readers have, and a command for each answer; the questions are of one kind. */
export function questionText(day: string, questions: readonly SourceQuestion[]): Text {
  const found = questions.map((one) => `${one.source}: ${foundText(day, one)}.`).join(' ');
  const [first] = questions;
  switch (first?.question.kind) {
    case 'rewritten':
      return sentence(
        `${found} Either the folder was rewritten, or old objects were removed while new ones arrived; readers keep what they have. `,
        ...['If the new objects contain the old rows: ', command.run(day, '--replace-folder'), '. '],
        ...['If the old rows must be kept beside the new ones: ', command.run(day, '--keep-vanished')],
      );
    case 'emptied': {
      const kept = questions.some(({ onVanish }) => onVanish === 'keep');
      return sentence(
        `${found} Readers keep what they have. `,
        ...(kept ? ['If the day must keep these rows: ', command.run(day, '--keep-vanished'), '. '] : []),
        ...['If they must be removed: ', command.run(day, '--allow-empty')],
      );
    }
    case 'empty':
      return sentence(
        ...[`${found} Once its data has arrived, run: `, command.run(day), '. '],
        "If the day really is empty (or set onEmpty to 'publish' or 'skip'): ",
        command.run(day, '--allow-empty'),
      );
    default:
      return sentence(
        `${found} Upload them again, or set the source's onVanish to 'keep' or 'rebuild'; then run: `,
        command.run(day),
      );
  }
}

function foundText(day: string, { folder, facts, question }: SourceQuestion): string {
  const { kind, folders } = question;
  if (kind === 'empty') return `${folder} holds no objects, and the source's onEmpty is 'fail'`;
  const gone = folders.flatMap((one) => one.gone);
  const known = facts.flatMap(({ used }) => used);
  const where = ` from ${folders.length === 1 ? 'folder' : 'folders'} ${folders.map((one) => one.folder).join(', ')}`;
  const text = goneText(day, gone, known.length);
  if (kind === 'vanished') return `${text}, and the source's onVanish is 'fail'`;
  if (kind === 'emptied') return `${text}${where}, which ${folders.length === 1 ? 'is' : 'are'} now empty`;
  const twins = twinsOf(
    gone,
    facts.flatMap(({ fresh }) => fresh),
  );
  const own = folders.flatMap(({ fresh }) => fresh);
  const fresh = [...own, ...twins.filter((twin) => !own.includes(twin))];
  return (
    `${text}${where}, where ${plural(fresh.length, 'new or rewritten object')} arrived since, first ${fresh[0]?.key ?? ''}` +
    (twins.length > 0 ? ` (${twins.length} with the ETag and size of a vanished one, as after a rename)` : '')
  );
}

const goneText = (day: string, gone: readonly StoredObject[], known: number): string =>
  `${gone.length} of ${plural(known, 'object')} that ${day} was published from ${gone.length === 1 ? 'is' : 'are'} no longer listed, first ${gone[0]?.key ?? ''}`;

/** Writes what was decided about vanished objects without asking; at most one sentence. */
export function vanishedNotes(
  day: string,
  source: string,
  facts: readonly FolderFacts[],
  { kept, replaced }: Pick<VanishedDecision, 'kept' | 'replaced'>,
): string[] {
  const stay = [...kept.values()].flat();
  if (stay.length + replaced.length === 0) return [];
  const known = facts.reduce((sum, { used }) => sum + used.length, 0);
  const what =
    replaced.length === 0
      ? 'the day keeps their rows'
      : stay.length === 0
        ? 'the day is rebuilt without them'
        : `the day keeps the rows of ${stay.length} and is rebuilt without ${replaced.length}`;
  return [`${source}: ${goneText(day, [...stay, ...replaced], known)}; ${what}`];
}

/** Vanished objects that a build would have to read. */
export interface LostObjects {
  source: string;
  objects: readonly StoredObject[];
  /** Why their recorded rows cannot be used. */
  cause: 'edited' | 'expired' | 'regrouped';
  /** Which of their folders are now empty. */
  emptied: 'none' | 'some' | 'all';
}

const CAUSES: Record<LostObjects['cause'], string> = {
  edited: 'its normalizing SQL, its table or its config was edited since',
  expired: 'their normalized rows have expired',
  regrouped: 'objects that were normalized together with them changed',
};

/** Writes what was found, why, and what to do. */
export function lostText(day: string, lost: readonly LostObjects[]): Text {
  const found = lost.map(
    ({ source, objects, cause }) =>
      `${source}: a rebuild of ${day} must read ${plural(objects.length, 'object')} again that ${objects.length === 1 ? 'is' : 'are'} no longer listed, first ${objects[0]?.key ?? ''}, because ${CAUSES[cause]}.`,
  );
  const undo = lost.some(({ cause }) => cause === 'edited') ? ', or undo the edit' : '';
  const replace = lost.some(({ emptied }) => emptied !== 'all') ? ['--replace-folder'] : [];
  const empty = lost.some(({ emptied }) => emptied !== 'none') ? ['--allow-empty'] : [];
  return sentence(
    `${found.join(' ')} Nothing was run; readers keep what they have. Upload the objects again${undo}. `,
    'Or rebuild the day without their rows: ',
    command.run(day, '--force', ...replace, ...empty),
  );
}
