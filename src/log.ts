import pino, { type Logger } from 'pino';
import pretty from 'pino-pretty';
import type { Env } from './env.js';

/** Names under which a secret could be logged by accident. */
const SECRETS = ['password', 'secret', 'secretAccessKey', 'token', 'sessionToken', 'apiKey', 'authorization'];

/** Logs go to stderr, as JSON lines or as text; stdout belongs to results. */
export const createLogger = ({ level, format }: Env['log']): Logger => {
  const options = { level, base: null, redact: SECRETS.flatMap((name) => [name, `*.${name}`]) };
  return format === 'json'
    ? pino({ ...options, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(2))
    : pino(options, pretty({ destination: 2, sync: true, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss' }));
};
