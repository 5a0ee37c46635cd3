import type { ServerResponse } from 'node:http';
import type { Counts } from './engine.js';

/**
 * Keeps a client waiting that asked for progress with send_progress_in_http_headers, so that its timeout for a silent
 * connection does not pass during a long statement: like a server's, the header of the answer grows by a line at each
 * interval. From the first of them on the status is 200, whatever comes, and an error shows in its own header.
 * @param counts what the statement has done so far.
 * @returns stops it; call it before the answer.
 */
export function sendProgress(
  response: ServerResponse,
  settings: Readonly<Record<string, string>>,
  counts: () => Promise<Counts>,
): () => void {
  if (!/^(1|true)$/i.test(settings['send_progress_in_http_headers'] ?? '')) return () => undefined;
  const interval = Math.max(100, Number(settings['http_headers_progress_interval_ms'] ?? 100));
  let begun = false;
  let stopped = false;
  const send = async (): Promise<void> => {
    const line = countsText(await counts());
    if (stopped || response.destroyed) return;
    response.socket?.write(`${begun ? '' : 'HTTP/1.1 200 OK\r\n'}X-ClickHouse-Progress: ${line}\r\n`);
    begun = true;
  };
  const timer = setInterval(() => void send().catch(() => undefined), interval);
  return () => {
    clearInterval(timer);
    stopped = true;
    // Node begins its own header with a status line; here it becomes the value of one more header.
    if (begun && !response.destroyed) response.socket?.write('X-ClickHouse-Status: ');
  };
}

/** Counts in the form of the headers X-ClickHouse-Progress and X-ClickHouse-Summary: texts, in the server's words. */
export function countsText(
  { read, written, rowsToRead, elapsedSeconds }: Counts,
  result?: { rows: number; bytes: number },
): string {
  return JSON.stringify({
    ...(read ? { read_rows: String(read.rows), read_bytes: String(read.bytes) } : {}),
    written_rows: String(written.rows),
    written_bytes: String(written.bytes),
    total_rows_to_read: String(rowsToRead),
    ...(result ? { result_rows: String(result.rows), result_bytes: String(result.bytes) } : {}),
    elapsed_ns: String(Math.round(elapsedSeconds * 1e9)),
  });
}
