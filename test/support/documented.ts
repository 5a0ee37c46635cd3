import { readdirSync } from 'node:fs';
import { repositoryText } from './compose.js';

/** A fenced block of a document. */
export interface Block {
  document: string;
  /** The heading of its section, of the second level. */
  section: string;
  kind: string;
  text: string;
}

/** Documents for users and contributors. */
export const DOCUMENTS = [
  ...['README.md', 'CONTRIBUTING.md', 'test/README.md'],
  ...readdirSync(new URL('../../docs/', import.meta.url))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** The fenced blocks of a document, in order. */
export function blocksOf(document: string): Block[] {
  const sections = repositoryText(document).split(/^(?=## )/m);
  return sections.flatMap((text) => {
    const [, section = ''] = /^## (.*)/.exec(text) ?? [];
    const blocks = text.matchAll(/^```(\w*)\n([^]*?)\n```$/gm);
    return [...blocks].map(([, kind = '', body = '']) => ({ document, section, kind, text: body }));
  });
}

/** The command lines of a block: without comments, a continued line as one. */
export const commandLinesOf = ({ text }: Block): string[] =>
  text
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => line.replace(/(^|\s+)#.*$/, '').trim())
    .filter((line) => line !== '');

/** An output without what differs from run to run. */
export const withoutTimes = (text: string): string => text.replaceAll(/\d[\d.]* (ms|s|min)\b/g, 'TIME').trimEnd();
