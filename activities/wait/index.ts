import { final } from '../../src/errors.js';
import { dataObjects, rulesOf } from '../../src/plan/listing.js';
import type { Config, SourceConfig } from '../../src/project/config/config.js';
import { isSharedMarker } from '../../src/project/config/prefix.js';
import { command } from '../../src/shared/commands.js';
import { addDays, instantOf } from '../../src/shared/day.js';
import { numberText, plural } from '../../src/shared/format.js';
import { sentence } from '../../src/shared/sentence.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import type { Answer, Step } from '../../src/step/step.js';

export interface WaitInput {
  day: string;
  /** Checks that this run has made before. */
  looks: number;
  /** ISO instant since which the day waits; null for a late day, which does not wait. */
  since: string | null;
}

export interface WaitResult {
  ready: boolean;
  /** One sentence for each source that is not ready; empty when all are. */
  missing: string[];
  /** How long to sleep before asking again. */
  againInMs: number;
  ms: number;
}

/**
 * Pauses between two checks of a source that is not ready, in milliseconds: short at first, since it often takes only seconds.
 */
const SOON = 3_000;
const LATER = 60_000;

/**
 * Checks once whether every source's folder of the day is complete; the workflow sleeps between checks. After the deadline, an
 * empty folder is handled by the source's `onEmpty`; any other incomplete folder fails the day.
 */
export async function wait(deps: Dependencies, { day, looks, since }: WaitInput, step: Step): Answer<WaitResult> {
  const { config } = await deps.loadProject();
  const now = new Date();
  const missing: string[] = [];
  // A held day is not built, so it does not wait.
  if (await deps.ledger.holdOf(day)) return { ready: true, missing, againInMs: LATER };
  for (const [name, source] of Object.entries(config.sources)) {
    const lacks = await lacking(deps, source, day, now, step);
    if (lacks === undefined) continue;
    const over = hadItsTime(config, source, { day, since, now });
    if (over === undefined) missing.push(`${name}: ${lacks.reason}`);
    else if (!lacks.empty || source.onEmpty === 'fail')
      throw final(
        'SourceNotReady',
        sentence(`${name}: ${lacks.reason}, and ${over}. Once it has arrived, run: `, command.run(day)),
        { details: { step: 'wait', source: name } },
      );
  }
  return { ready: missing.length === 0, missing, againInMs: Math.min(SOON * 2 ** looks, LATER) };
}

/** Says why a source is no longer waited for; undefined while it is. */
function hadItsTime(
  { timezone, giveUpAfter }: Pick<Config, 'timezone' | 'giveUpAfter'>,
  { ready: { deadline } }: SourceConfig,
  { day, since, now }: { day: string; since: string | null; now: Date },
): string | undefined {
  if (since === null) return 'a late day is not waited for';
  const next = addDays(day, 1);
  if (deadline !== undefined)
    return now > instantOf(next, deadline, timezone)
      ? `its deadline, ${deadline} of ${next} (${timezone}), has passed`
      : undefined;
  return now.getTime() - new Date(since).getTime() >= giveUpAfter
    ? `it has no deadline, and giveUpAfter has passed since ${since}`
    : undefined;
}

/** Says what a folder lacks to be complete, and whether it is empty; undefined if it is complete. */
async function lacking(
  deps: Dependencies,
  source: SourceConfig,
  day: string,
  now: Date,
  step: Step,
): Promise<{ reason: string; empty: boolean } | undefined> {
  const rules = rulesOf(source, day);
  const { prefix } = rules;
  const listed = await deps.store.list(source.bucket, prefix, step.signal);
  const objects = dataObjects(listed, rules);
  const lack = (reason: string) => ({ reason, empty: objects.length === 0 });
  if ('marker' in source.ready) {
    const { marker: key = '' } = rules;
    const beside = key.startsWith(prefix) ? listed : await deps.store.list(source.bucket, key, step.signal);
    const marker = beside.find((object) => object.key === key);
    if (!marker) return lack(`${key} does not exist yet, the folder holds ${plural(objects.length, 'object')}`);
    const end = instantOf(addDays(day, 1), '00:00', source.folderZone);
    return marker.modified < end && isSharedMarker(source.prefix, source.ready.marker)
      ? lack(
          `${key}, which serves every day, was last written at ${marker.modified.toISOString()}, before ${day} had ended`,
        )
      : undefined;
  }
  const { minObjects, quietFor } = source.ready;
  if (objects.length < minObjects)
    return lack(`${prefix} holds ${plural(objects.length, 'object')}, at least ${numberText(minObjects)} are expected`);
  const newest = objects.reduce((latest, { modified }) => Math.max(latest, modified.getTime()), 0);
  if (now.getTime() - newest < quietFor)
    return lack(`${prefix} was still written to at ${new Date(newest).toISOString()}`);
  return undefined;
}
