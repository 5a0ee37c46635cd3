import type { Command } from '../../src/shared/commands.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import type { Answer, Step } from '../../src/step/step.js';
import { slackMessage } from './slack.js';

/** A message to people. */
export interface AlertInput {
  kind: 'failed' | 'deadline' | 'warning' | 'recovered';
  /** The day; '' where it is not known yet. */
  day: string;
  /** The step that failed, or ''. */
  step: string;
  reason: string;
  /** Commands to type next. */
  next: Command[];
}

export interface AlertResult {
  /** False where the project names no webhook. */
  sent: boolean;
  ms: number;
}

/**
 * Sends a message to the project's webhook. No day depends on it. A message may arrive twice if the first answer was lost.
 */
export async function alert(deps: Dependencies, input: AlertInput, step: Step): Answer<AlertResult> {
  const webhook = await deps.webhook();
  await webhook?.post(slackMessage(deps.ledger.project, input), step.signal);
  return { sent: webhook !== undefined };
}
