import pino, { type Logger } from 'pino';
import pretty from 'pino-pretty';
import type { Env } from './env.js';

/** Names under which a secret could be logged by accident. */
const SECRETS = ['password', 'secret', 'secretAccessKey', 'token', 'sessionToken', 'apiKey', 'authorization'];

/** Creates a logger that writes to stderr, one entry on each line, as JSON or as text; stdout is for results. */
export const createLogger = ({ level, format }: Env['log']): Logger => {
  const options = { level, base: null, redact: SECRETS.flatMap((name) => [name, `*.${name}`]) };
  return format === 'json'
    ? pino(
        { ...options, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } },
        pino.destination(2),
      )
    : pino(
        options,
        pretty({
          destination: 2,
          sync: true,
          singleLine: true,
          ignore: 'pid,hostname,workflow_id,run_id,attempt',
          translateTime: 'SYS:HH:MM:ss',
        }),
      );
};
