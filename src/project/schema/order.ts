/**
 * Computes the level of each name: 0 for names without inputs, else one more than the highest input. Inputs that are not keys
 * themselves count as below everything. Throws a RangeError with the path of a circular dependency.
 */
export function levels(inputs: ReadonlyMap<string, readonly string[]>): Map<string, number> {
  const known = new Map<string, number>();
  const visit = (name: string, path: readonly string[]): number => {
    const level = known.get(name);
    if (level !== undefined) return level;
    if (path.includes(name)) throw new RangeError([...path.slice(path.indexOf(name)), name].join(' -> '));
    const own = (inputs.get(name) ?? []).filter((input) => inputs.has(input));
    const found = own.length === 0 ? 0 : 1 + Math.max(...own.map((input) => visit(input, [...path, name])));
    known.set(name, found);
    return found;
  };
  for (const name of inputs.keys()) visit(name, []);
  return known;
}
