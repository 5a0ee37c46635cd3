import { z } from 'zod';
import { addDays, dayIn, instantOf } from '../../shared/day.js';
import { zone } from './fields.js';
import { overlaps } from './prefix.js';

type Context = z.RefinementCtx;

const zones = z.object({ timezone: zone });
const store = z.object({ store: z.object({ bucket: z.string(), normalized: z.string() }) });
const sources = z.object({ sources: z.record(z.string(), z.unknown()) });
const arriving = z.object({ folderZone: zone, arrival: z.object({ before: z.int(), after: z.int() }) });
const cloud = z.object({ clickhouse: z.object({ databaseEngine: z.string(), cloud: z.literal(true) }) });
const onAllNodes = z.object({
  clickhouse: z.object({ databaseEngine: z.undefined().optional(), normalizeOn: z.literal('all-nodes') }),
});
const placed = z.object({ prefix: z.string(), bucket: z.string().optional() });

/**
 * Checks constraints between fields. Other fields may be invalid, so each check first tests that its own are valid. Issues made
 * here have a complete sentence as their message, and the fix in `params.fix`.
 */
export function checkTogether(config: unknown, context: Context): void {
  if (cloud.safeParse(config).success)
    refuse(
      context,
      ['clickhouse', 'databaseEngine'],
      'found an engine for databases beside cloud: true, but ClickHouse Cloud chooses that engine itself',
      'Remove databaseEngine; for a cluster of your own, remove cloud.',
    );
  if (onAllNodes.safeParse(config).success)
    refuse(
      context,
      ['clickhouse', 'normalizeOn'],
      "found 'all-nodes', but without clickhouse.databaseEngine Daybook knows one node",
      'Remove it, or set databaseEngine.',
    );
  for (const [name, source] of Object.entries(sources.safeParse(config).data?.sources ?? {})) {
    checkArrival(name, config, source, context);
    checkPlace(name, config, source, context);
    const normalized = name.replace(/^raw_/, '');
    if (normalized !== name && normalized in (sources.safeParse(config).data?.sources ?? {}))
      refuse(
        context,
        ['sources', name],
        `the table ${name} would also be the raw table of source '${normalized}'`,
        `Rename this source.`,
      );
  }
}

/** Checks that the arrival window covers all folders that receive events while a day lasts. */
function checkArrival(name: string, config: unknown, source: unknown, context: Context): void {
  const timezone = zones.safeParse(config).data?.timezone;
  const window = arriving.safeParse(source).data;
  if (timezone === undefined || window === undefined) return;
  const { before, after } = neededArrival(timezone, window.folderZone);
  if (window.arrival.before >= before && window.arrival.after >= after) return;
  refuse(
    context,
    ['sources', name, 'arrival'],
    `found before ${window.arrival.before}, after ${window.arrival.after}, but a day in ${timezone} spans folders in ` +
      `${window.folderZone} from ${before} before to ${after} after it`,
    `Set arrival to at least { before: ${before}, after: ${after} }, or correct folderZone.`,
  );
}

/** Computes how many dates of `folderZone` before and after its own a day in `timezone` overlaps, over a year of UTC offsets. */
function neededArrival(timezone: string, folderZone: string): { before: number; after: number } {
  const needed = { before: 0, after: 0 };
  for (let month = 1; month <= 12; month++) {
    const day = `2026-${String(month).padStart(2, '0')}-15`;
    const first = dayIn(folderZone, instantOf(day, '00:00', timezone));
    const last = dayIn(folderZone, new Date(instantOf(addDays(day, 1), '00:00', timezone).getTime() - 1));
    while (first < addDays(day, -needed.before)) needed.before++;
    while (last > addDays(day, needed.after)) needed.after++;
  }
  return needed;
}

function checkPlace(name: string, config: unknown, source: unknown, context: Context): void {
  const place = store.safeParse(config).data?.store;
  const from = placed.safeParse(source).data;
  if (!place || !from || (from.bucket ?? place.bucket) !== place.bucket || !overlaps(from.prefix, place.normalized))
    return;
  refuse(
    context,
    ['store', 'normalized'],
    `'${place.normalized}' overlaps the prefix '${from.prefix}' of source '${name}' in bucket '${place.bucket}': Daybook's ` +
      `own objects would be read as raw events`,
    'Choose a prefix outside the raw events.',
  );
}

function refuse(context: Context, path: string[], message: string, fix: string): void {
  context.addIssue({ code: 'custom', path, message, params: { fix }, input: undefined });
}
