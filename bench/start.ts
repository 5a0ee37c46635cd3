import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

/*
 * Measures common commands relative to the start of Node in the same run: npm run bench:start. Uses the services of the
 * environment, else those of the local stack in this folder. Without services, only the commands that need none are meaningful.
 */

const ROUNDS = 7;
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const YESTERDAY = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
const COMMANDS = ['--help', 'check', 'plan', 'status', `rejects --day ${YESTERDAY}`];

interface Times {
  wall: number;
  cpu: number;
}

/** Measures one start, in milliseconds. */
async function timed(args: readonly string[]): Promise<Times & { exitCode: number | undefined }> {
  const started = performance.now();
  const { exitCode, stdio } = await execa(process.execPath, ['--require', here('cpu-time.cjs'), ...args], {
    reject: false,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  return { wall: performance.now() - started, cpu: Number(stdio[3]) / 1_000, exitCode };
}

const best = (times: readonly Times[]): Times => ({
  wall: Math.min(...times.map(({ wall }) => wall)),
  cpu: Math.min(...times.map(({ cpu }) => cpu)),
});

const ways = [
  { name: 'node -e 0', args: ['-e', '0'] },
  ...COMMANDS.map((name) => ({ name: `daybook ${name}`, args: [here('../bin/daybook.js'), ...name.split(' ')] })),
].map((way) => ({ ...way, times: [] as Awaited<ReturnType<typeof timed>>[] }));

await timed([here('../bin/daybook.js'), '--version']); // the clone is compiled at its first start
// In turns, so that other load on the machine affects all of them.
for (let round = 0; round < ROUNDS; round++) for (const way of ways) way.times.push(await timed(way.args));

const node = best(ways[0]?.times ?? []);
console.log(`the best of ${ROUNDS} starts each, Node ${process.versions.node}`);
for (const { name, times } of ways) {
  const { wall, cpu } = best(times);
  const ratios = `${(wall / node.wall).toFixed(1)} and ${(cpu / node.cpu).toFixed(1)} times Node's own start`;
  const exit = times.some(({ exitCode }) => exitCode !== 0) ? '   (failed)' : '';
  console.log(
    `${name.padEnd(32)} ${wall.toFixed(0).padStart(5)} ms   cpu ${cpu.toFixed(0).padStart(5)} ms   ${ratios}${exit}`,
  );
}
