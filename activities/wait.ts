import { DateTime } from 'luxon';
import type { Dependencies } from '../src/build/dependencies.js';
import type { Step } from '../src/build/step.js';
import { addDays, instantOf } from '../src/core/day.js';
import { dataObjects } from '../src/core/listing.js';
import type { WaitInput, WaitResult } from '../src/core/messages.js';
import { final } from '../src/errors.js';
import type { SourceConfig } from '../src/project/config.js';
import { folderPrefix } from '../src/project/prefix.js';

/**
 * Between two looks at a source that is not ready, in milliseconds: at first it is often a matter of seconds, later a night is
 * long, and a listing costs little.
 */
const SOON = 3_000;
const LATER = 60_000;

/** Step 1. Looks once whether every source's folder of the day is complete; the workflow sleeps in between. */
export async function wait(deps: Dependencies, { day, looks }: WaitInput, step: Step): Promise<Omit<WaitResult, 'ms'>> {
  const { config } = await deps.loadProject();
  const now = new Date();
  const missing: string[] = [];
  // Nobody builds a held day, so nobody has to wait for it.
  if (await deps.ledger.holdOf(day)) return { ready: true, missing, againInMs: LATER };
  for (const [name, source] of Object.entries(config.sources)) {
    const reason = await lacking(deps, source, day, now, step);
    if (reason === undefined) continue;
    const { deadline } = source.ready;
    if (deadline !== undefined && now > instantOf(addDays(day, 1), deadline, config.timezone))
      throw final(
        'SourceNotReady',
        `${name}: ${reason}, and its deadline, ${deadline} of ${addDays(day, 1)} (${config.timezone}), has passed. When it has arrived: npx daybook run --day ${day}`,
        { details: { step: 'wait', source: name } },
      );
    missing.push(`${name}: ${reason}`);
  }
  return { ready: missing.length === 0, missing, againInMs: Math.min(SOON * 2 ** looks, LATER) };
}

/** What a folder lacks to be complete, or undefined. */
async function lacking(
  deps: Dependencies,
  source: SourceConfig,
  day: string,
  now: Date,
  step: Step,
): Promise<string | undefined> {
  const prefix = folderPrefix(source.prefix, day);
  const listed = await deps.store.list(source.bucket, prefix, step.signal);
  if ('marker' in source.ready) {
    const { marker } = source.ready;
    return listed.some(({ key }) => key === prefix + marker)
      ? undefined
      : `${prefix}${marker} is not there yet, the folder holds ${objectsOf(dataObjects(listed, prefix, marker).length)}`;
  }
  const { minObjects, quietFor } = source.ready;
  const objects = dataObjects(listed, prefix);
  if (objects.length < minObjects)
    return `${prefix} holds ${objectsOf(objects.length)}, at least ${minObjects} are expected`;
  const newest = objects.reduce((latest, { modified }) => Math.max(latest, modified.getTime()), 0);
  if (now.getTime() - newest < quietFor)
    return `${prefix} was still written to at ${DateTime.fromMillis(newest, { zone: 'utc' }).toISO() ?? ''}`;
  return undefined;
}

const objectsOf = (found: number) => `${found} ${found === 1 ? 'object' : 'objects'}`;
