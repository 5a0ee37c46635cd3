/* Commands as people type them, for use in sentences. */

/** Returns the reason, with the command to run the day if it names no command. */
export const withCommand = (day: string, reason: string): string =>
  commandsIn(reason).length > 0 ? reason : `${reason} Once fixed, run: ${runCommand(day)}`;

export const runCommand = (day: string): string => `npx daybook run --day ${day}`;
/** Restores a publish of a day; 0 is none of them, and without one it is the publish before the newest. */
export const rollbackCommand = (day: string, generation?: number): string =>
  `npx daybook rollback --day ${day}` +
  (generation === undefined ? '' : generation === 0 ? ' --to-empty' : ` --generation ${generation}`);
export const statusCommand = (day: string): string => `npx daybook status --day ${day}`;
/** Starts a nightly run now, for the day before today. */
export const TRIGGER = 'npx daybook schedule trigger';
export const backfillCommand = (start: string, end: string): string =>
  `npx daybook backfill --start ${start} --end ${end}`;

/** Finds the commands in a text, each once. */
export const commandsIn = (text: string): string[] => [
  ...new Set(
    text.match(
      /npx daybook (?:(?:local|schedule) |rejects (?=retry))?[a-z]+(?: --(?:day|start|end|source|generation) [\w-]+| --[a-z-]+)*/g,
    ) ?? [],
  ),
];
