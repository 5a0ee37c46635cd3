/** An error as ClickHouse reports it: a numeric code, the code's name, and a text. */
export class EngineError extends Error {
  readonly code: number;
  readonly type: string;

  constructor(code: number, type: string, text: string) {
    super(text);
    this.name = 'EngineError';
    this.code = code;
    this.type = type;
  }
}

export const syntaxError = (text: string): EngineError => new EngineError(62, 'SYNTAX_ERROR', text);
export const notImplemented = (text: string): EngineError => new EngineError(48, 'NOT_IMPLEMENTED', text);

/** Reads what the embedded engine threw; anything without ClickHouse's form becomes code 1002 with its text kept. */
export function engineError(thrown: unknown): EngineError {
  if (thrown instanceof EngineError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  // The engine wraps its own text again at each layer: the head and the tail repeat, the middle is what matters.
  const match =
    /^(?:Code: (\d+)\. DB::Exception: )+([\s\S]*?)(?:\.? \(([A-Z0-9_]{3,})\)(?: \(version [^)]*\))?)+$/.exec(message);
  const [, code, text, type] = match ?? [];
  if (code === undefined || text === undefined || type === undefined) {
    return new EngineError(1002, 'UNKNOWN_EXCEPTION', message);
  }
  return new EngineError(Number(code), type, text);
}

/** The response body of an error, in the server's words, from which clients read code and type. */
export const errorText = (error: EngineError, version: string): string =>
  `Code: ${error.code}. DB::Exception: ${error.message}. (${error.type}) (version ${version})\n`;

/** HTTP status of a ClickHouse error code, as the server maps it; everything not listed is 500. */
export const httpStatus = (code: number): number => STATUS.get(code) ?? 500;

const STATUS = new Map<number, number>([
  [194, 401], // REQUIRED_PASSWORD
  ...on(403, [192, 193, 516, 497, 514]), // UNKNOWN_USER, WRONG_PASSWORD, AUTHENTICATION_FAILED, ACCESS_DENIED, roles
  // Arguments, texts that don't parse, and syntax.
  ...on(
    400,
    [36, 427, 6, 25, 26, 27, 38, 41, 72, 427, 441, 675, 676, 376, 53, 44, 62, 117, 167, 168, 223, 456, 457, 691],
  ),
  // Tables, functions, identifiers, types, storages, databases, settings, formats.
  ...on(404, [60, 46, 47, 50, 56, 81, 115, 63, 73, 78, 511]),
  [159, 408], // TIMEOUT_EXCEEDED
  [381, 411], // HTTP_LENGTH_REQUIRED
  [348, 413], // QUERY_IS_TOO_LARGE
  [48, 501], // NOT_IMPLEMENTED
  ...on(503, [209, 76, 439]), // SOCKET_TIMEOUT, CANNOT_OPEN_FILE, CANNOT_SCHEDULE_TASK
]);

function on(status: number, codes: readonly number[]): [number, number][] {
  return codes.map((code) => [code, status]);
}
