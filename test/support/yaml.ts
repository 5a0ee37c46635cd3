import * as prettier from 'prettier/plugins/yaml';

/** The parser with which Prettier reads its own YAML configuration: a whole YAML library, but for `<<`, which it leaves as a key. */
const { __parsePrettierYamlConfig: parse } = prettier as unknown as {
  __parsePrettierYamlConfig: (text: string) => unknown;
};

/** Reads YAML; anchors are followed, and `<<` is merged. Throws where the text is not YAML. */
export const parseYaml = (text: string): unknown => merged(parse(text));

function merged(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(merged);
  if (typeof value !== 'object' || value === null) return value;
  const { '<<': base, ...own } = value as Record<string, unknown>;
  const entries = Object.entries(own).map(([key, one]) => [key, merged(one)] as const);
  return { ...(merged(base) as object | undefined), ...Object.fromEntries(entries) };
}
