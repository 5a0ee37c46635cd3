import { commandLine } from '../../src/shared/commands.js';
import { clipped } from '../../src/shared/format.js';
import type { AlertInput } from './index.js';

/** A message of Slack's incoming webhooks. */
export interface SlackMessage {
  /** What a notification shows. */
  text: string;
  attachments: { color: string; fallback: string; fields: { title: string; value: string; short: boolean }[] }[];
}

const COLORS: Record<AlertInput['kind'], string> = {
  failed: '#d50200',
  deadline: '#d50200',
  warning: '#de9e31',
  recovered: '#2eb886',
};

/** Characters. Slack cuts longer texts at the end, where the commands are. */
const LONGEST_REASON = 2_000;

/** Formats an alert: a headline, then day, step, reason and the commands to type. */
export function slackMessage(project: string, alert: AlertInput): SlackMessage {
  const { kind, day, step, reason, next } = alert;
  const headline = slackEscaped(`${project}: ${headlineOf(alert)}`);
  const field = (title: string, value: string, short = false) => (value === '' ? [] : [{ title, value, short }]);
  return {
    text: headline,
    attachments: [
      {
        color: COLORS[kind],
        fallback: headline,
        fields: [
          ...field('Day', day, true),
          ...field('Step', step, true),
          ...field('Reason', slackEscaped(clipped(reason, LONGEST_REASON))),
          ...field('Next', next.map((one) => `\`${slackEscaped(commandLine(one))}\``).join('\n')),
        ],
      },
    ],
  };
}

function headlineOf({ kind, day, step }: AlertInput): string {
  const what = day === '' ? 'nightly run' : `day ${day}`;
  switch (kind) {
    case 'failed':
      return `${what} failed${step === '' ? '' : ` at step ${step}`}`;
    case 'deadline':
      return `the sources of ${day} are past their deadline`;
    case 'warning':
      return `nightly run for ${day} finished with warnings`;
    case 'recovered':
      return `${what} recovered`;
  }
}

/** Escapes the three characters with a meaning in Slack's texts. */
const slackEscaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
