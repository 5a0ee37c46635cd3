// The script that most teams would write, as a comparison: stream, gunzip, JSON.parse, map, insert in batches.
// Prints its peak memory in bytes.
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { createClient } from '@clickhouse/client';
import { processVariables, readEnv } from '../src/env.js';
import { BUCKET, folderOf } from './world.js';

const BATCH = 100_000;

interface Event {
  event_id: string;
  ts: string;
  user_id: number;
  type: string;
  country?: string;
  amount?: number;
  url?: string;
}

const day = process.argv[2] ?? '';
const env = readEnv(processVariables());
const { accessKeyId = '', secretAccessKey = '' } = env.s3.credentials ?? {};
const s3 = new S3Client({
  endpoint: env.s3.endpoint ?? '',
  region: env.s3.region,
  forcePathStyle: true,
  credentials: { accessKeyId, secretAccessKey },
});
const clickhouse = createClient({
  url: env.clickhouse.url,
  username: env.clickhouse.user,
  password: env.clickhouse.password,
});

let batch: object[] = [];
const flush = async () => {
  if (batch.length > 0)
    await clickhouse.insert({
      table: 'bench_node.events',
      values: batch,
      format: 'JSONEachRow',
      clickhouse_settings: { date_time_input_format: 'best_effort' },
    });
  batch = [];
};

const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: folderOf(day) }));
for (const { Key } of Contents) {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
  for await (const line of createInterface({ input: (Body as Readable).pipe(createGunzip()) })) {
    if (line.trim() === '') continue;
    const event = JSON.parse(line) as Event;
    batch.push({
      day: event.ts.slice(0, 10),
      ts: event.ts,
      event_id: event.event_id,
      user_id: event.user_id,
      type: event.type,
      country: event.country ?? '??',
      amount: event.amount ?? 0,
      url: event.url ?? '',
    });
    if (batch.length >= BATCH) await flush();
  }
}
await flush();
await clickhouse.close();
s3.destroy();
process.stdout.write(String(process.resourceUsage().maxRSS * 1024));
