import { describe, expect, it } from 'vitest';
import { openPage } from '../../src/cli/demo/page.js';
import { bar, beside, chart } from '../../src/cli/demo/picture.js';

describe('bar', () => {
  it.each([
    [8, 8, '████'],
    [4, 8, '██  '],
    [5, 8, '██▌ '],
    [0.001, 8, '▏   '],
    [0, 8, '    '],
    [-3, 8, '    '],
    [0, 0, '    '],
  ])('of %d where %d is the most is |%s|', (value, most, drawn) => {
    expect(bar(value, most, 4)).toBe(drawn);
  });
});

describe('chart', () => {
  const drawn = chart(
    'Sales',
    [
      { label: 'DE', value: 20, beside: '20 €' },
      { label: 'other', value: 5, beside: '5 €' },
    ],
    4,
  );

  it('aligns labels, bars and numbers', () => {
    expect(drawn).toEqual(['Sales          ', 'DE    ████ 20 €', 'other █     5 €']);
  });

  it('can be put beside another one of fewer lines, and beside none', () => {
    expect(beside(drawn, ['Orders'], 2)).toEqual(['Sales            Orders', 'DE    ████ 20 €', 'other █     5 €']);
    expect(beside(['A'], ['B', 'C'], 1)).toEqual(['A B', '  C']);
    expect(chart('No days', [], 4)).toEqual(['No days']);
  });
});

describe('a page', () => {
  const written = (sheet: { isTTY?: boolean; columns?: number; hasColors?: () => boolean }) => {
    let text = '';
    const page = openPage({ ...sheet, write: (more) => (text += more) });
    page.row('load', 'events 3 rows', 1_500);
    page.row('', 'a note');
    return text;
  };

  it('puts what happened below each other and the time at the right edge', () => {
    expect(written({})).toBe(`load        events 3 rows${' '.repeat(70)}1.5 s\n            a note\n`);
    expect(written({ isTTY: true, columns: 40 })).toBe(
      'load        events 3 rows          1.5 s\n            a note\n',
    );
  });

  it('keeps two spaces before the time where a line is too long', () => {
    expect(written({ isTTY: true, columns: 20 })).toContain('events 3 rows  1.5 s\n');
  });

  it('is coloured on a terminal that has colours, and nowhere else', () => {
    expect(written({ isTTY: true, columns: 80, hasColors: () => true })).toContain('\u001b[');
    expect(written({ isTTY: true, columns: 80, hasColors: () => false })).not.toContain('\u001b[');
    expect(written({ hasColors: () => true })).not.toContain('\u001b[');
  });
});
