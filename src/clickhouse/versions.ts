/** The first release of ClickHouse in which REPLACE PARTITION survives a restart on a plain MergeTree, and may copy an empty day. */
export const LEAST_CLICKHOUSE = '26.6.1';

/** Compares versions such as `26.7.2.1` part by part, as numbers; parts that one of them lacks count as 0, or not at all. */
export function isOlder(version: string, least: string): boolean {
  const [found = [], wanted = []] = [version, least].map((text) =>
    text.split('.').map((part) => Number.parseInt(part, 10)),
  );
  const differing = wanted.findIndex((part, index) => part !== (found[index] ?? 0));
  return differing >= 0 && (found[differing] ?? 0) < (wanted[differing] ?? 0);
}
