/** The first release of ClickHouse in which REPLACE PARTITION survives a restart on a plain MergeTree and accepts an empty source. */
export const LEAST_CLICKHOUSE = '26.6.1';

/** Compares versions such as `26.7.2.1` part by part, as numbers. Parts missing in `version` count as 0. */
export function isOlder(version: string, least: string): boolean {
  const [found = [], wanted = []] = [version, least].map((text) =>
    text.split('.').map((part) => Number.parseInt(part, 10)),
  );
  const differing = wanted.findIndex((part, index) => part !== (found[index] ?? 0));
  return differing >= 0 && (found[differing] ?? 0) < (wanted[differing] ?? 0);
}
