import { command } from '../../src/shared/commands.js';
import { sentence, withCommand, type Text } from '../../src/shared/sentence.js';

/** Writes the failure of a backfill that could not determine its days. */
export const backfillNotStarted = (start: string, end: string, reason: Text): Text =>
  sentence(
    `The backfill of ${start} to ${end} could not start or continue: `,
    withCommand(reason, command.backfill(start, end)),
  );
