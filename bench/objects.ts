import { Command } from '@commander-js/extra-typings';
import { durationText, numberText, sizeText } from '../src/shared/format.js';
import { wholeNumber } from './by-hand.js';
import { createTables, daybookWay, engineWay, startDaybook } from './ways.js';
import { generateSmall, openWorld } from './world.js';

/*
 * Loads one day of many small objects with Daybook, and with the engine alone: one INSERT … SELECT … FROM s3() of all objects, and
 * the same aggregates. Compare the ratio, not the times.
 */

const DAY = '2026-11-01';

const { objects, lines, output } = new Command('bench:objects')
  .option('--objects <n>', 'objects of the day', wholeNumber, 20_000)
  .option('--lines <n>', 'events of an object', wholeNumber, 10)
  .option('--output <form>', 'text or json', 'text')
  .parse()
  .opts();

const world = await openWorld();
try {
  const worker = await startDaybook(world);
  await createTables(world, 'bench_engine');
  process.stderr.write(`generating ${numberText(objects)} objects of ${numberText(lines)} events\n`);
  await generateSmall(world, DAY, objects, lines);
  const engine = await engineWay(world, DAY, 'part-*.json.gz');
  const daybook = await daybookWay(world, worker, DAY);
  const again = await daybookWay(world, worker, DAY);
  await worker.stop();
  const ratio = Math.round((daybook.ms / engine.ms) * 10) / 10;
  if (output === 'json')
    process.stdout.write(
      `${JSON.stringify({ objects, lines, ratio, ms: { daybook: daybook.ms, engine: engine.ms }, memory: daybook.memory })}\n`,
    );
  else
    process.stdout.write(`${numberText(objects)} objects of ${numberText(lines)} events
the engine alone, one INSERT   ${durationText(engine.ms)}
Daybook                        ${durationText(daybook.ms)}, ${ratio} times as long
the same day, nothing new      ${durationText(again.ms)}
time by step: ${(daybook.steps ?? []).map(({ step, ms }) => `${step} ${durationText(ms)}`).join(' · ')}
the worker's peak memory       ${daybook.memory === undefined ? 'unknown' : sizeText(daybook.memory)}
`);
} finally {
  await world.close();
}
