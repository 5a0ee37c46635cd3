import { randomInt } from 'node:crypto';
import getPort from 'get-port';

/** Which port is looked for. */
export interface PortWish {
  /** Ports that may not be taken, although they are still free: the ones of services that start later. */
  taken?: ReadonlySet<number>;
  /** Taken if it is free. */
  preferred?: number | undefined;
}

/**
 * Finds a free port for a service on 127.0.0.0/8, below the ephemeral range (from 32768 on Linux, 49152 on macOS): of that one, the
 * system could give any connection the service's own port before it listens or while it restarts, and so block it.
 */
export const servicePort = ({ taken, preferred }: PortWish = {}): Promise<number> => {
  const random = Array.from({ length: 100 }, () => randomInt(20_000, 32_768));
  return getPort({
    host: '127.0.0.1',
    exclude: taken ?? [],
    port: preferred === undefined ? random : [preferred, ...random],
  });
};
