/** Interval between two lines of the same step in a log, in ms. */
const REPEAT_MS = 15_000;

export interface StackProgress {
  onProgress: (text: string) => void;
  /** Clears the last line on a terminal; call it before printing anything else. */
  done: () => void;
}

/**
 * Shows progress on a stream (stderr, because stdout is for results): one line rewritten in place on a terminal, else each new
 * step once and a long one every 15 s.
 */
export function progressOn(stream: NodeJS.WriteStream): StackProgress {
  if (stream.isTTY) {
    return {
      onProgress: (text) => stream.write(`\r\u001b[2K${text.slice(0, (stream.columns || 80) - 1)}`),
      done: () => stream.write('\r\u001b[2K'),
    };
  }
  let [step, printed] = ['', 0];
  return {
    onProgress: (text) => {
      const [head = ''] = text.split(':', 1);
      if (head === step && Date.now() - printed < REPEAT_MS) return;
      [step, printed] = [head, Date.now()];
      stream.write(`${text}\n`);
    },
    done: () => undefined,
  };
}
