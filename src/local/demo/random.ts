/** A stream of pseudo-random choices that depends only on its seed, not on the clock or the platform. */
export interface Random {
  /** A whole number from 0 to `count - 1`. */
  below(count: number): number;
  /** True in `percent` of 100 cases. */
  chance(percent: number): boolean;
  pick<T>(choices: readonly T[]): T;
  /** One of the choices, each as often as its weight says; weights are whole numbers. */
  weighted<T>(choices: readonly (readonly [T, number])[]): T;
  /** The form of a random UUID (version 4). */
  uuid(): string;
}

/** Creates a stream from a seed with integer arithmetic only, because `Math.log` and others may differ between machines. */
export function randomFrom(seed: string): Random {
  let state = seedOf(seed);

  // Mulberry32, a small generator that is good enough here.
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };

  const below = (count: number): number => next() % count;

  const weighted = <T>(choices: readonly (readonly [T, number])[]): T => {
    let rest = below(choices.reduce((sum, [, weight]) => sum + weight, 0));
    for (const [choice, weight] of choices) {
      if (rest < weight) return choice;
      rest -= weight;
    }
    throw new RangeError('found no choice with a weight, expected at least one');
  };

  return {
    below,
    chance: (percent) => below(100) < percent,
    pick: (choices) => weighted(choices.map((choice) => [choice, 1] as const)),
    weighted,
    uuid: () => {
      const hex = Array.from({ length: 4 }, () => next().toString(16).padStart(8, '0')).join('');
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
    },
  };
}

/** Hashes a text with FNV-1a over its UTF-16 units. */
function seedOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash;
}
