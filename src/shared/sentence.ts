import { commandLine, type Command } from './commands.js';

/** A text for people with the commands that it names, so that nothing has to look for them in the text. */
export interface Sentence {
  text: string;
  commands: Command[];
}

/** What people read: a sentence, or plain text that names no command. Texts of older histories are all plain. */
export type Text = string | Sentence;

/** The commands that a text names, in its order. */
export const commandsIn = (text: Text): Command[] => (typeof text === 'string' ? [] : text.commands);

/** A text as it is printed where no project folder is known: in histories, in the ledger, in alerts. */
export const plain = (text: Text): string => (typeof text === 'string' ? text : text.text);

/** Puts texts and commands together, as they follow each other. */
export function sentence(...parts: readonly (Text | Command)[]): Text {
  const texts = parts.map((part) => (isCommand(part) ? { text: commandLine(part), commands: [part] } : part));
  return joinTexts(texts, '');
}

/** Texts with a separator between them. */
export function joinTexts(texts: readonly Text[], separator: string): Text {
  const text = texts.map(plain).join(separator);
  const commands = withoutRepeats(texts.flatMap(commandsIn));
  return commands.length > 0 ? { text, commands } : text;
}

/** The full stop that a text lacks at its end, if it does. */
export const lackingStop = (text: Text): '' | '.' => (/[.!?]$/.test(plain(text)) ? '' : '.');

/** A reason that names a command; one that names none gets the one that follows once the reason is gone. */
export const withCommand = (reason: Text, next: Command): Text =>
  commandsIn(reason).length > 0 ? reason : sentence(reason, lackingStop(reason), ' Once fixed, run: ', next);

/** A text whose commands carry the project folder that they are about. */
export function textFor(text: Text, project: string | undefined): string {
  const lines = new Map(commandsIn(text).map((command) => [commandLine(command), commandLine(command, project)]));
  if (lines.size === 0) return plain(text);
  // The longest first: one command may be the beginning of another.
  const known = [...lines.keys()].sort((one, other) => other.length - one.length).map(literally);
  return plain(text).replaceAll(new RegExp(known.join('|'), 'g'), (line) => lines.get(line) ?? line);
}

const literally = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Each command once, where it comes first. */
export const withoutRepeats = (commands: readonly Command[]): Command[] => [
  ...new Map(commands.map((command) => [commandLine(command), command])).values(),
];

export const isCommand = (value: unknown): value is Command => has(value, 'name', 'string') && hasList(value, 'args');

export const isSentence = (value: unknown): value is Sentence =>
  has(value, 'text', 'string') && hasList(value, 'commands');

/** True for what people read, as it arrives in an input or a payload. */
export const isText = (value: unknown): value is Text =>
  typeof value === 'string' || (isSentence(value) && value.commands.every(isCommand));

const has = (value: unknown, field: string, type: string): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && typeof (value as Record<string, unknown>)[field] === type;

const hasList = (value: Record<string, unknown>, field: string): boolean =>
  Object.keys(value).length === 2 && Array.isArray(value[field]);
