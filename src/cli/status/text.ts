import { command } from '../../shared/commands.js';
import type { Day } from '../../shared/day.js';
import { numberText, plural } from '../../shared/format.js';
import { sentence } from '../../shared/sentence.js';
import { typed, worded } from '../common/output.js';
import { shorten, localTime, plainTable, printable, terminalWidth, type Heading } from '../common/text.js';
import type { DayAccounts, DayDetail } from './day-detail.js';
import type { ReportedRange, DayReport } from './day-report.js';

/** Reasons, objects and failing rows that are shown; the rest are only counted. */
const REASONS_SHOWN = 5;
const OBJECTS_SHOWN = 20;
const SAMPLES_SHOWN = 3;
/** Least characters of a reason in a table cell. */
const LEAST_REASON = 40;

/** Formats one line per day, then the missing days. */
export function overviewText(of: {
  project: string;
  zone: string;
  normalized: readonly string[];
  range: ReportedRange;
  days: readonly DayReport[];
}): string {
  const { project, zone, normalized, range, days } = of;
  if (days.length === 0)
    return [`No day of ${project} was built yet.`, ...missingText(range), ...(range.missing ? [] : [firstRun()])].join(
      '\n',
    );
  const headings: Heading[] = [
    'day',
    'state',
    { right: 'gen' },
    `at (${zone})`,
    ...normalized.map((table) => ({ right: table })),
    { right: 'rejected' },
    '',
  ];
  const built = days.filter(({ state }) => state !== 'not built').length;
  const lines: Line[] = [
    ...days.map((day) => ({ at: day.day, day })),
    ...range.gaps.map((gap) => ({ at: gap.first, gap })),
  ].sort((a, b) => (a.at < b.at ? -1 : 1));
  const rows = lines.map(({ day: one, gap }) =>
    one === undefined
      ? gapRow(gap, headings.length - 1)
      : [
          one.day,
          one.state,
          generationText(one),
          one.at === null ? '' : localTime(one.at, zone),
          ...normalized.map((table) => publishedRowsText(one, table)),
          one.generation === 0 ? '' : numberText(one.folder.rejected),
        ],
  );
  const used = Math.max(
    ...plainTable(
      headings,
      rows.map((row) => [...row, '']),
    )
      .split('\n')
      .map(({ length }) => length),
  );
  const room = Math.max(LEAST_REASON, terminalWidth() - used - 3);
  return [
    plainTable(
      headings,
      rows.map((row, index) => [...row, shorten(remark(lines[index]?.day), room)]),
    ),
    '',
    ...(range.earlier > 0
      ? [`${plural(range.earlier, 'earlier day')}: ${typed(command.status('--days', String(built + range.earlier)))}`]
      : []),
    ...questionsText(days),
    ...missingText(range),
    `One day in detail: ${typed(command.statusOf('YYYY-MM-DD'))}`,
  ].join('\n');
}

/** A line of the overview: a day, or days in a row that were never built. */
type Line = { at: Day } & (
  { day: DayReport; gap?: undefined } | { day?: undefined; gap: ReportedRange['gaps'][number] }
);

const gapRow = ({ first, last, days }: ReportedRange['gaps'][number], cells: number): string[] => [
  `${first} to ${last}`,
  `not built, ${plural(days, 'day')}`,
  ...Array<string>(cells - 2).fill(''),
];

const firstRun = () => `Build one: ${typed(command.run('YYYY-MM-DD'))}`;

/** The newest generation that readers have, which is what `rollback --generation` names; a build that changed nothing is not one. */
const generationText = ({ published }: DayReport): string =>
  published.length === 0 ? '' : String(Math.max(...published.map(({ generation }) => generation)));

const publishedRowsText = ({ published }: DayReport, table: string): string => {
  const found = published.find((one) => one.table === table);
  return found ? numberText(found.rows) : '';
};

/** Returns a remark about a day that the numbers don't show. */
function remark(day: DayReport | undefined): string {
  if (!day) return '';
  const { state, step, reason, open, published } = day;
  if (open.length > 0) return `unfinished publish: run the day`;
  if (state === 'held') return day.hold?.reason ?? '';
  if (state === 'stopped') return 'started, but not running: run the day';
  if (state !== 'failed' && day.questions.length > 0) return 'objects are gone from its folders: see below';
  if (state !== 'failed') return day.quarantined.length === 0 ? '' : without(day.quarantined);
  // A failed build has published nothing, so whatever is published is older.
  return `at ${step}${published.length > 0 ? ', readers keep the previous data' : ''}: ${reason}`;
}

/** Days whose questions the overview shows in full. */
const QUESTIONS_SHOWN = 3;

/** Lists days that no run builds until the questions about their folders are answered. */
function questionsText(days: readonly DayReport[]): string[] {
  const asked = days.filter(({ questions }) => questions.length > 0);
  const [first, last] = [asked[0]?.day, asked.at(-1)?.day];
  if (first === undefined || last === undefined) return [];
  const more = asked.length - QUESTIONS_SHOWN;
  return [
    ...asked.slice(0, QUESTIONS_SHOWN).flatMap(({ questions }) => questions.map((one) => printable(worded(one)))),
    ...(more > 0 ? [`and ${plural(more, 'day')} more: ${typed(command.plan('--start', first, '--end', last))}`] : []),
  ];
}

const without = (quarantined: DayReport['quarantined']) =>
  `without ${plural(quarantined.length, 'quarantined object')}: ${quarantined[0]?.object ?? ''}`;

const missingText = ({ missing }: ReportedRange): string[] =>
  missing
    ? [
        missing.days === 1
          ? `${missing.first} is not built. Build it: ${typed(command.run(missing.first))}`
          : `${missing.first} to ${missing.last} (${plural(missing.days, 'day')}) are not built. Build them: ${typed(command.backfill(missing.first, missing.last))}`,
      ]
    : [];

/** Formats everything about one day. */
export function detailText(project: string, zone: string, day: DayDetail): string {
  const time = day.at === null ? '' : `, ${localTime(day.at, zone)} ${zone}`;
  const readers = generationText(day);
  const head = `${project} ${day.day}: ${day.state}${readers === '' ? '' : `, generation ${readers}`}${time}`;
  return [
    head,
    ...(day.running
      ? [`Workflow ${day.running.workflowId} has been running since ${localTime(day.running.since, zone)}.`]
      : []),
    ...(day.hold
      ? [
          `Held since ${localTime(day.hold.since, zone)}${day.hold.reason === '' ? '' : `: ${printable(day.hold.reason)}`}`,
        ]
      : []),
    ...(day.state === 'failed' ? [`Failed at step ${day.step}: ${printable(day.reason)}`] : []),
    ...(day.state === 'failed' ? [] : day.questions.map((one) => printable(worded(one)))),
    ...(day.state === 'failed' && day.published.length > 0 && day.open.length === 0
      ? ['Readers keep the previously published data:']
      : []),
    ...(day.open.length > 0 ? [`Unfinished publish, run the day to recover it: ${day.open.join(', ')}`] : []),
    '',
    ...publishedText(day, zone),
    ...testsText(day),
    ...rejectsText(day),
    ...quarantinedText(day),
    ...(day.accounts ? accountsText(day.accounts) : []),
    ...(day.next.length > 0 ? ['Next:', ...day.next.map((one) => `  ${worded(sentence(one))}`)] : []),
  ]
    .join('\n')
    .trimEnd();
}

function publishedText({ published, state }: DayDetail, zone: string): string[] {
  if (published.length === 0) return state === 'not built' ? [] : ['Nothing of this day is published.', ''];
  const rows = published.map(({ table, rows: count, generation, at, fingerprint }) => [
    table,
    numberText(count),
    String(generation),
    localTime(at, zone),
    `${fingerprint.code.slice(0, 8)} ${fingerprint.data.slice(0, 8)}`,
  ]);
  return [plainTable(['table', { right: 'rows' }, { right: 'gen' }, 'published', 'code, data'], rows), ''];
}

function testsText({ tests, state }: DayDetail): string[] {
  if (tests.length === 0) return state === 'failed' ? ['Tests: the newest build did not get that far', ''] : [];
  const wrong = tests.filter(({ failing }) => failing > 0);
  const count = (status: string) => tests.filter((test) => test.status === status).length;
  const words = [
    `${count('pass')} passed`,
    ...(count('warn') > 0 ? [`${count('warn')} warned`] : []),
    ...(count('fail') > 0 ? [`${count('fail')} failed`] : []),
  ];
  return [
    `Tests: ${words.join(', ')}`,
    ...wrong.flatMap(({ test, status, failing, sample }) => [
      `  ${status}  ${test}: ${plural(failing, 'row')} that must not exist${status === 'pass' ? ' (tolerated)' : ''}, for example`,
      ...sample.slice(0, SAMPLES_SHOWN).map((row) => `        ${shorten(row, terminalWidth() - 8)}`),
    ]),
    '',
  ];
}

function rejectsText({ rejects, day }: DayDetail): string[] {
  return rejects
    .filter(({ lines }) => lines > 0)
    .flatMap(({ source, rejected, outside, lines, reasons }) => [
      `Rejected of ${source}: ${numberText(rejected)} of ${plural(lines, 'line')} in folder ${day}` +
        (outside > 0 ? `, ${numberText(outside)} of them only for a day outside of the arrival window` : '') +
        (rejected > 0 ? `. Show them: ${typed(command.rejects(day, source))}` : ''),
      ...reasonsText(reasons, REASONS_SHOWN),
      '',
    ]);
}

function quarantinedText({ quarantined, day }: DayDetail): string[] {
  if (quarantined.length === 0) return [];
  const shown = quarantined.slice(0, OBJECTS_SHOWN);
  return [
    `Quarantined: ${plural(quarantined.length, 'bad object')}, whose rows the day lacks. Upload a fixed version, and the next run of ${day} reads it:`,
    ...shown.flatMap(({ source, folder, object, reason }) => [
      `  ${printable(object)} (${source}, folder ${folder})`,
      `      ${shorten(reason, terminalWidth() - 6)}`,
    ]),
    ...(quarantined.length > shown.length
      ? [`  and ${numberText(quarantined.length - shown.length)} more (--output json shows all)`]
      : []),
    '',
  ];
}

/** Formats the most frequent reasons, each after its count. */
export function reasonsText(reasons: readonly { reason: string; lines: number }[], most: number): string[] {
  const shown = reasons.slice(0, most);
  const width = Math.max(0, ...shown.map(({ lines }) => numberText(lines).length));
  const rest = reasons.length - shown.length;
  return [
    ...shown.map(
      ({ reason, lines }) => `  ${numberText(lines).padStart(width)}  ${shorten(reason, terminalWidth() - width - 4)}`,
    ),
    ...(rest > 0 ? [`  ${' '.repeat(width)}  and ${plural(rest, 'reason')} more`] : []),
  ];
}

const mark = (balanced: boolean) => (balanced ? '=' : 'DIFFERS');

function accountsText({ published, by, folders, tables, balanced }: DayAccounts): string[] {
  const whose = published ? 'of the published data' : 'of the newest build, which is not published';
  const folderRows = folders.flatMap(({ source, folder, objects, total, balanced: right }) => {
    const shown = objects.filter((one, index) => index < OBJECTS_SHOWN || !one.balanced || one.quarantined !== '');
    const rest = objects.length - shown.length;
    return [
      ...shown.map((one) => [
        `  ${one.object}`,
        ...fates(one),
        one.quarantined === '' ? mark(one.balanced) : 'quarantined',
      ]),
      ...(rest > 0 ? [[`  and ${plural(rest, 'object')} more (--output json shows all)`]] : []),
      [`${source}, folder ${folder}`, ...fates(total), mark(right)],
    ];
  });
  const count = ['lines', 'rows', 'rejected', 'skipped', 'blank'].map((right) => ({ right }));
  const tableRows = tables.map(({ table, rows, loaded, duplicates, balanced: right }) => [
    table,
    numberText(rows),
    numberText(loaded),
    numberText(duplicates),
    mark(right),
  ]);
  return [
    `Accounts ${whose}${by === 'ledger' ? ' (its plan no longer exists; from the newest record of each object)' : ''}`,
    '',
    'Folders: lines = rows + rejected + skipped + blank',
    plainTable(['object', ...count, ''], folderRows),
    '',
    'Day: promised rows = loaded + duplicates',
    plainTable(['table', { right: 'promised' }, { right: 'loaded' }, { right: 'duplicates' }, ''], tableRows),
    '',
    balanced ? 'Every line is accounted for.' : 'SOME LINES ARE NOT ACCOUNTED FOR: see the rows marked DIFFERS.',
    '',
  ];
}

const fates = ({ lines, rows, rejected, skipped, blank }: DayAccounts['folders'][number]['total']) =>
  [lines, rows, rejected, skipped, blank].map(numberText);
