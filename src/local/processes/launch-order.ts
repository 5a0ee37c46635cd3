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

/** What `up` writes as one JSON line to the supervisor's standard input. */
export const launchOrder = z.strictObject({
  /** True: the stack stays when the pipe closes, until `down`. False: the pipe's end is the stack's end. */
  detach: z.boolean(),
  stack: stackSchema.omit({ supervisor: true, processes: true }),
  children: z.array(childSpec),
  /** ClickHouse's native protocol, which `startNativeGuard` guards; left out where ClickHouse is not started. */
  native: z.strictObject({ port: z.int(), server: z.int(), url: z.string() }).optional(),
});
export type LaunchOrder = z.infer<typeof launchOrder>;
