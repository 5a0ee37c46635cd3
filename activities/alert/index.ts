import type { AlertInput, AlertResult } from '../../src/shared/messages.js';
import type { Dependencies } from '../../src/step/dependencies.js';
import type { Answer, Step } from '../../src/step/step.js';
import { slackMessage } from './slack.js';

/**
 * Tells people what they would have to look for otherwise. Nothing waits for it and nothing fails with it; a message may come
 * twice where the first answer was lost.
 */
export async function alert(deps: Dependencies, input: AlertInput, step: Step): Answer<AlertResult> {
  const webhook = await deps.webhook();
  await webhook?.post(slackMessage(deps.ledger.project, input), step.signal);
  return { sent: webhook !== undefined };
}
