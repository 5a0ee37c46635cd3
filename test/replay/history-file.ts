import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import proto, { type temporal } from '@temporalio/proto';

/** Where the histories lie: those of today as `<scenario>.json`, older ones as `<version or date>/<scenario>.json`. */
export const FOLDER = fileURLToPath(new URL('histories', import.meta.url));

/**
 * A history as it is kept: the fields of Temporal's own messages, bytes in base64. The SDK's JSON form of a history is not used,
 * because its reader works only where the package tree holds one single copy of protobufjs.
 */
export interface KeptHistory {
  events: {
    workflowExecutionStartedEventAttributes?: { workflowType: { name: string }; workflowId: string };
    activityTaskScheduledEventAttributes?: { activityType: { name: string } };
  }[];
}

const { History } = proto.temporal.api.history.v1;

export const toKept = (history: temporal.api.history.v1.IHistory): object =>
  History.toObject(History.fromObject(history), { longs: String, enums: String, bytes: String });

export const fromKept = (kept: KeptHistory): temporal.api.history.v1.History => History.fromObject(kept);

/** The histories that are kept, as paths below {@link FOLDER} without their ending; older ones have a folder in them. */
export const keptHistories = async (): Promise<string[]> =>
  (await readdir(FOLDER, { recursive: true }))
    .filter((path) => path.endsWith('.json'))
    .map((path) => path.replace(/\.json$/, ''))
    .sort();

export const readHistory = async (name: string) =>
  JSON.parse(await readFile(`${FOLDER}/${name}.json`, 'utf8')) as KeptHistory;
