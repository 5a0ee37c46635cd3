import { isDeepStrictEqual } from 'node:util';

/** Returns what `make` makes of `input`, or what it made last for the same place, if that input was equal. */
export type Kept = <Input, Made>(place: string, input: Input, make: (input: Input) => Made) => Made;

/**
 * Keeps what was made of the last input of each place. The input itself is read each time, so that every edit is seen; only the work of
 * checking it is done once. Inputs and results are shared and must not be changed.
 */
export function keepLast(): Kept {
  const last = new Map<string, { input: unknown; made: unknown }>();
  return <Input, Made>(place: string, input: Input, make: (input: Input) => Made): Made => {
    const known = last.get(place);
    if (known && isDeepStrictEqual(known.input, input)) return known.made as Made;
    const made = make(input);
    last.set(place, { input, made });
    return made;
  };
}

/** Keeps nothing, for a folder that is read once. */
export const keepNothing: Kept = (_, input, make) => make(input);
