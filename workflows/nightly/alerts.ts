import { CancellationScope, log, rootCause } from '@temporalio/workflow';
import type { AlertInput } from '../../activities/alert/index.js';
import { throwIfBug } from '../failures.js';
import { alertActivities } from '../options.js';
import { summary } from '../text.js';

/** Sends the messages of one unattended workflow. */
export interface Alerts {
  /** Sends a message in the background. */
  send(alert: AlertInput | undefined): void;
  /** Waits until each message was accepted, or its retries are exhausted. */
  delivered(): Promise<void>;
}

/** Opens the project's alerts. A webhook that is down loses messages, never a day. `wanted` is false if there is no webhook. */
export function openAlerts(wanted: boolean): Alerts {
  const sending: Promise<void>[] = [];
  return {
    send: (alert) => {
      if (wanted && alert) sending.push(CancellationScope.nonCancellable(() => deliver(alert)));
    },
    delivered: async () => {
      await Promise.all(sending);
    },
  };
}

async function deliver(alert: AlertInput): Promise<void> {
  try {
    await alertActivities().alert.executeWithOptions({ summary: summary.alert(alert) }, [alert]);
  } catch (error) {
    throwIfBug(error);
    log.warn('an alert was not delivered', { kind: alert.kind, day: alert.day, reason: rootCause(error) });
  }
}
