/* What the user of a run says about objects that are gone from a day's folders; what follows from it: core/vanished. */

/** What the user of one run says about objects that are gone. */
export interface VanishedChoice {
  /** What is listed now is the truth: rows of objects that are gone go. */
  replaceFolder: boolean;
  /** Rows of objects that are gone stay, beside those of new ones. */
  keepVanished: boolean;
  /** A folder that holds no objects is an empty day. */
  allowEmpty: boolean;
}

export const NO_CHOICE: VanishedChoice = { replaceFolder: false, keepVanished: false, allowEmpty: false };

/** What is wrong with a choice that somebody typed into a workflow's input, in words; undefined where nothing is. */
export function wrongChoice(input: Partial<Record<keyof VanishedChoice, unknown>>): string | undefined {
  for (const name of ['replaceFolder', 'keepVanished', 'allowEmpty'] as const) {
    const value = input[name];
    if (value !== undefined && typeof value !== 'boolean')
      return `${name} is ${JSON.stringify(value)}; expected true or false.`;
  }
  return input.replaceFolder === true && input.keepVanished === true
    ? 'replaceFolder and keepVanished contradict each other; give one of them.'
    : undefined;
}

/** The choice that an input holds; what it does not say is not chosen. */
export const choiceOf = ({
  replaceFolder = false,
  keepVanished = false,
  allowEmpty = false,
}: Partial<VanishedChoice>): VanishedChoice => ({ replaceFolder, keepVanished, allowEmpty });

/** The parts of a choice that are chosen, as inputs and payloads carry them. */
export const chosen = (input: Partial<VanishedChoice>): Partial<VanishedChoice> => ({
  ...(input.replaceFolder ? { replaceFolder: true } : {}),
  ...(input.keepVanished ? { keepVanished: true } : {}),
  ...(input.allowEmpty ? { allowEmpty: true } : {}),
});
