import prettyBytes from 'pretty-bytes';
import type { Text } from './sentence.js';

/* How numbers, sizes, times and long texts are written for people, everywhere. */

/** Writes `1,204`. */
export const numberText = (value: number): string => String(Math.round(value)).replaceAll(/\B(?=(\d{3})+$)/g, ',');

/** Writes `1 object`, `2 objects`. */
export const plural = (count: number, noun: string): string => `${numberText(count)} ${noun}${count === 1 ? '' : 's'}`;

/** Writes `118 MiB`. */
export const sizeText = (bytes: number): string =>
  prettyBytes(bytes, { binary: true, maximumFractionDigits: bytes < 10 * 1024 ** 2 ? 1 : 0 });

/** Shortens a text to about `most` characters: a longer one keeps its beginning and its end, where the commands are. */
export function clipped(text: string, most: number): string {
  if (text.length <= most) return text;
  const end = Math.floor(most / 4);
  const left = text.length - most;
  return `${text.slice(0, most - end)} … (${numberText(left)} characters left out) … ${text.slice(-end)}`;
}

/** A text of at most about `most` characters, as {@link clipped}; it keeps its commands. */
export const clippedText = (text: Text, most: number): Text =>
  typeof text === 'string' ? clipped(text, most) : { ...text, text: clipped(text.text, most) };

/** Writes `820 ms`, `2.1 s`, `4 min 12 s`, `5 h 3 min`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  // From 59.95 s, rounding would write 60.0 s.
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
