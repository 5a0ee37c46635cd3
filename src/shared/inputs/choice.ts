/* What the user of a run says about objects that vanished from a day's folders; src/plan/folders/vanished.ts applies it. */

/** What the user of one run says about vanished objects. */
export interface VanishedChoice {
  /** The current listing counts: rows of vanished objects are removed. */
  replaceFolder: boolean;
  /** Rows of vanished objects are kept, beside those of new ones. */
  keepVanished: boolean;
  /** A folder that holds no objects is an empty day. */
  allowEmpty: boolean;
}

/** A choice as command options: what was not typed is undefined. */
export type ChoiceOptions = { [Name in keyof VanishedChoice]?: boolean | undefined };

export const NO_CHOICE: VanishedChoice = { replaceFolder: false, keepVanished: false, allowEmpty: false };

/** Reads the choice of an input; missing fields are false. */
export const choiceOf = ({
  replaceFolder = false,
  keepVanished = false,
  allowEmpty = false,
}: Partial<VanishedChoice>): VanishedChoice => ({ replaceFolder, keepVanished, allowEmpty });

/** Returns only the chosen parts, as inputs and payloads contain them. */
export const chosen = (input: ChoiceOptions): Partial<VanishedChoice> => ({
  ...(input.replaceFolder ? { replaceFolder: true } : {}),
  ...(input.keepVanished ? { keepVanished: true } : {}),
  ...(input.allowEmpty ? { allowEmpty: true } : {}),
});
