import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Keeps a client waiting that asked for signs of life with send_progress_in_http_headers, so that its timeout for a silent
 * connection does not pass during a long statement. A server grows the header of its answer for that; here it is the status
 * 102, which not every client knows: it is sent to those that do. The counts of progress are not known.
 * @returns stops it; call it before the answer.
 */
export function signsOfLife(
  request: IncomingMessage,
  response: ServerResponse,
  settings: Readonly<Record<string, string>>,
): () => void {
  const asked = /^(1|true)$/i.test(settings['send_progress_in_http_headers'] ?? '');
  if (!asked || !request.headers['user-agent']?.includes('clickhouse-js')) return () => undefined;
  const interval = Math.max(100, Number(settings['http_headers_progress_interval_ms'] ?? 100));
  const timer = setInterval(() => {
    if (!response.destroyed) response.writeProcessing();
  }, interval);
  return () => {
    clearInterval(timer);
  };
}
