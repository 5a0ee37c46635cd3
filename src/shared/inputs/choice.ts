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

/** A choice as options of a command leave it: what was not typed is undefined. */
export type ChoiceOptions = { [Name in keyof VanishedChoice]?: boolean | undefined };

export const NO_CHOICE: VanishedChoice = { replaceFolder: false, keepVanished: false, allowEmpty: false };

/** The choice that an input holds; what it does not say is not chosen. */
export const choiceOf = ({
  replaceFolder = false,
  keepVanished = false,
  allowEmpty = false,
}: Partial<VanishedChoice>): VanishedChoice => ({ replaceFolder, keepVanished, allowEmpty });

/** The parts of a choice that are chosen, as inputs and payloads carry them. */
export const chosen = (input: ChoiceOptions): Partial<VanishedChoice> => ({
  ...(input.replaceFolder ? { replaceFolder: true } : {}),
  ...(input.keepVanished ? { keepVanished: true } : {}),
  ...(input.allowEmpty ? { allowEmpty: true } : {}),
});
