import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { messageOf } from '../../src/errors.js';
import { addDays } from '../../src/shared/day.js';
import { plain } from '../../src/shared/sentence.js';
import { verify } from '../../src/stage/verify.js';
import { localStep } from '../../src/step/step.js';
import { isStatement } from '../faults/points.js';
import { lateOf, objectsOf, putAll } from '../faults/project.js';
import { around } from '../faults/strike.js';
import type { DayProject } from '../support/day.js';
import { openProxy } from '../support/fault-proxy.js';
import { startTestStack } from '../support/stack.js';
import { startCluster, WHAT_IT_IS, type Cluster } from './cluster.js';
import { clusterStack, openClusterDays, readersSee } from './days.js';
import { clusterFault, faultText, type ClusterFault } from './fault-plan.js';

/** The first day; each fault has the day after the one before, because a model looks back on it. */
const START = '2026-01-01';
/** Milliseconds that a disturbed day may take. */
const LONGEST_DAY = 5 * 60_000;

/** Which faults are run, and on how many nodes. */
export interface ClusterFaults {
  seed: number;
  /** Numbers of the first and the last one. */
  first: number;
  last: number;
  nodes: number;
}

/** Runs faults of a seed, prints each with its outcome, and returns how many left other rows than an undisturbed day. */
export async function runClusterFaults({ seed, first, last, nodes }: ClusterFaults): Promise<number> {
  process.stdout.write(`${WHAT_IT_IS}\nseed ${seed}, ${last - first + 1} faults, ${nodes} nodes\n`);
  const services = await startTestStack(['temporal', 's3']);
  const cluster = await startCluster(nodes);
  const proxies = await Promise.all(cluster.nodes.map(({ url }) => openProxy(url)));
  const stack = clusterStack(
    services.stack,
    cluster,
    proxies.map(({ url }) => url),
  );
  const project = await openClusterDays(stack, { start: START });
  let differing = 0;
  try {
    await putAll(project, objectsOf(START));
    await project.run(START);
    for (let number = first; number <= last; number++) {
      const fault = clusterFault(seed, number);
      const day = addDays(START, number - first + 1);
      const began = Date.now();
      const wrong = await meet(cluster, proxies, project, fault, day).catch((error: unknown) => [messageOf(error)]);
      for (const proxy of proxies) proxy.intercept(undefined);
      const seconds = ((Date.now() - began) / 1000).toFixed(1);
      process.stdout.write(
        `#${number} ${faultText(fault)}: ${wrong.length === 0 ? 'equal' : 'DIFFERS'}, ${seconds} s\n`,
      );
      if (wrong.length === 0) continue;
      differing++;
      for (const one of wrong) process.stdout.write(`    ${one}\n`);
      const again = `--seed ${seed} --from ${number} --faults 1 --nodes ${nodes}`;
      process.stdout.write(`    again: npm run test:cluster -- ${again}\n`);
    }
  } finally {
    await project.close().catch(() => undefined);
    for (const proxy of proxies) await proxy.close();
    await cluster.stop();
    await services.stop();
  }
  process.stdout.write(`${last - first + 1} faults, ${differing} differences\n`);
  return differing;
}

/** Builds a day with the fault in its way. Returns what differs from an undisturbed day. */
async function meet(
  cluster: Cluster,
  proxies: Awaited<ReturnType<typeof openProxy>>[],
  project: DayProject,
  fault: ClusterFault,
  day: string,
): Promise<string[]> {
  await putAll(project, objectsOf(day));
  // A day that is published for the first time has nothing to archive.
  if (fault.point === 'archive') {
    await project.run(day);
    await putAll(project, lateOf(day));
  }
  let back: Promise<void> | undefined;
  for (const [index, proxy] of proxies.entries())
    proxy.intercept((passage) => {
      if (back !== undefined || !isStatement(fault.point, passage.asked)) return undefined;
      const victim = fault.victim === 'this node' ? index : (index + 1) % cluster.nodes.length;
      let away: Promise<void> | undefined;
      const struck = around(passage, fault.phase, fault.after, async () => {
        away = (await takeAway(cluster, project, victim, fault)).back;
      });
      // A node that was killed gives no answer.
      back = struck.catch(() => passage.stop()).then(() => away);
      return Promise.resolve();
    });
  const running = project.run(day);
  running.catch(() => undefined);
  const result = await Promise.race([running, sleep(LONGEST_DAY, undefined, { ref: false })]).finally(
    // However the day ended: the next fault begins with all nodes.
    () => back,
  );
  if (back === undefined) return ['it never came'];
  if (result === undefined) {
    await running.catch(() => undefined);
    return [`the day took longer than ${LONGEST_DAY / 1000} s`];
  }
  return [
    ...(result.outcome === 'published' ? [] : [`the day ended as ${result.outcome}`]),
    ...(await differencesOf(cluster, project, day)),
  ];
}

/** Strikes; `back` settles when the node is there again. */
async function takeAway(
  cluster: Cluster,
  { database }: DayProject,
  victim: number,
  { how, awayFor }: ClusterFault,
): Promise<{ back: Promise<void> }> {
  const node = cluster.nodes[victim];
  if (!node) throw new RangeError(`no node ${victim}`);
  if (how === 'killed') {
    await node.kill();
    return { back: sleep(awayFor).then(() => node.start()) };
  }
  const client = cluster.admin(victim);
  const tables = await client.rows<{ place: string }>({
    sql: "SELECT concat(database, '.', name) AS place FROM system.tables WHERE database IN ('daybook', {database:String}) AND engine LIKE 'Replicated%'",
    params: { database },
  });
  for (const { place } of tables) await client.run({ sql: `SYSTEM STOP FETCHES ${place}` });
  const back = sleep(awayFor).then(async () => {
    for (const { place } of tables) await client.run({ sql: `SYSTEM START FETCHES ${place}` });
  });
  return { back };
}

/** What differs between the nodes, from the ledger, or from the same day built again without a fault. */
async function differencesOf(cluster: Cluster, project: DayProject, day: string): Promise<string[]> {
  const [one, ...others] = await Promise.all(
    cluster.nodes.map((_, node) => readersSee(cluster.admin(node), project.database, day)),
  );
  const { dependencies } = project.app;
  const { differences } = await verify(dependencies, { first: START, last: day }, localStep(dependencies));
  const again = await project.run(day, false, { compare: true });
  const open = await project.app.ledger.openIntents(START, day);
  return [
    ...others.flatMap((other, index) =>
      isDeepStrictEqual(other, one)
        ? []
        : [`node 1 has ${JSON.stringify(one)}, node ${index + 2} has ${JSON.stringify(other)}`],
    ),
    ...differences.map(({ what }) => plain(what)),
    ...(again.outcome === 'unchanged' ? [] : [`built again, the day is ${again.outcome}`]),
    ...open.map(({ table }) => `the publish of ${table} is unfinished`),
  ];
}
