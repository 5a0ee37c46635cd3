import { EngineError } from './errors.js';
import type { Connection } from './native.js';

/** Hands out connections: a fresh one to each request, and the same one to requests that name the same session. */
export interface Sessions {
  /**
   * @param work is also given the session's `Expired`, which it keeps.
   * @throws EngineError 373 when the named session is busy, 372 when it must exist and does not.
   */
  use<T>(
    session: { id: string; timeoutSeconds: number; mustExist: boolean } | undefined,
    work: (connection: Connection, expired: Expired) => Promise<T>,
  ): Promise<T>;
  /** Closes the idle named sessions. */
  close(): void;
}

interface Named {
  connection: Connection;
  expired: Expired;
  busy: boolean;
  expiry: NodeJS.Timeout | undefined;
}

/** Names of parameters that counted for a request that is over, while the connection still knows their values. */
export type Expired = Set<string>;

export function openSessions(open: () => Connection, close: (connection: Connection) => void): Sessions {
  const named = new Map<string, Named>();

  return {
    async use(session, work) {
      if (!session) {
        const connection = open();
        return work(connection, new Set()).finally(() => {
          close(connection);
        });
      }
      const { id } = session;
      const known = named.get(id);
      if (known?.busy)
        throw new EngineError(373, 'SESSION_IS_LOCKED', `Session ${id} is locked by a concurrent client`);
      if (!known && session.mustExist) throw new EngineError(372, 'SESSION_NOT_FOUND', `Session ${id} not found`);
      const entry = known ?? { connection: open(), expired: new Set(), busy: false, expiry: undefined };
      named.set(id, entry);
      clearTimeout(entry.expiry);
      entry.busy = true;
      return work(entry.connection, entry.expired).finally(() => {
        entry.busy = false;
        entry.expiry = setTimeout(() => {
          named.delete(id);
          close(entry.connection);
        }, session.timeoutSeconds * 1000).unref();
      });
    },
    close() {
      for (const { connection, busy, expiry } of named.values()) {
        clearTimeout(expiry);
        if (!busy) close(connection);
      }
      named.clear();
    },
  };
}
