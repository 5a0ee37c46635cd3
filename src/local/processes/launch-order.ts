import { z } from 'zod';
import { stackSchema } from '../stack-file.js';

/** One process that the supervisor starts and keeps alive. Its environment is complete: nothing is inherited. */
const childSpec = z.strictObject({
  name: z.string(),
  command: z.string(),
  args: z.array(z.string()),
  env: z.record(z.string(), z.string()),
  port: z.int(),
});
export type ChildSpec = z.infer<typeof childSpec>;

/** The JSON line that `up` writes to the supervisor's standard input. */
export const launchOrder = z.strictObject({
  /** True: the stack keeps running when the pipe closes, until `down`. False: it stops when the pipe closes. */
  detach: z.boolean(),
  stack: stackSchema.omit({ supervisor: true, processes: true }),
  children: z.array(childSpec),
  /** Ports of ClickHouse's native protocol, which `startNativeGuard` guards; undefined if ClickHouse is not started. */
  native: z.strictObject({ port: z.int(), server: z.int(), url: z.string() }).optional(),
});
export type LaunchOrder = z.infer<typeof launchOrder>;
