import { CancellationScope, log, rootCause } from '@temporalio/workflow';
import type { AlertInput } from '../activities/alert/index.js';
import { throwIfBug } from './bugs.js';
import { alertActivities } from './options.js';
import { summary } from './words.js';

/** The messages of one unattended workflow. */
export interface Alerts {
  /** Sends a message beside whatever else is done. */
  tell(alert: AlertInput | undefined): void;
  /** Waits until each message was accepted or given up. */
  delivered(): Promise<void>;
}

/** A webhook that is down costs its messages, never a day. `wanted` is false where the project names none. */
export function openAlerts(wanted: boolean): Alerts {
  const sending: Promise<void>[] = [];
  return {
    tell: (alert) => {
      if (wanted && alert) sending.push(CancellationScope.nonCancellable(() => send(alert)));
    },
    delivered: async () => {
      await Promise.all(sending);
    },
  };
}

async function send(alert: AlertInput): Promise<void> {
  try {
    await alertActivities().alert.executeWithOptions({ summary: summary.alert(alert) }, [alert]);
  } catch (error) {
    throwIfBug(error);
    log.warn('an alert was not delivered', { kind: alert.kind, day: alert.day, reason: rootCause(error) });
  }
}
