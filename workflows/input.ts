import { upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { final } from '../src/errors.js';
import { wrongInput, type Inputs } from '../src/shared/inputs/check.js';
import { attribute } from './day/progress.js';

/**
 * Refuses an input that the workflow does not understand before anything else is done, whether it comes from a person, a parent or
 * continue-as-new.
 *
 * @throws a final BadInput that says what was found, what was expected, and the command that starts the workflow.
 */
export function assertInput<Type extends keyof Inputs>(type: Type, given: unknown): asserts given is Inputs[Type] {
  const wrong = wrongInput(type, given, workflowInfo().taskQueue);
  if (wrong === undefined) return;
  upsertSearchAttributes([
    { key: attribute.kind, value: type },
    { key: attribute.outcome, value: 'failed' },
  ]);
  throw final('BadInput', wrong);
}
