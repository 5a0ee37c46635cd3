/** How often a line of the same step is repeated where lines can't be rewritten, in ms. */
const REPEAT_MS = 15_000;

export interface Progress {
  onProgress: (text: string) => void;
  /** Takes the last line away, or leaves it finished; call it before anything else is printed. */
  done: () => void;
}

/**
 * Shows lines of progress on a stream (stderr: standard output belongs to results): one line rewritten in place on a
 * terminal, else each new step once and a long one every 15 s.
 */
export function progressOn(stream: NodeJS.WriteStream): Progress {
  if (stream.isTTY) {
    return {
      onProgress: (text) => stream.write(`\r\u001b[2K${text.slice(0, (stream.columns || 80) - 1)}`),
      done: () => stream.write('\r\u001b[2K'),
    };
  }
  let [step, told] = ['', 0];
  return {
    onProgress: (text) => {
      const [head = ''] = text.split(':', 1);
      if (head === step && Date.now() - told < REPEAT_MS) return;
      [step, told] = [head, Date.now()];
      stream.write(`${text}\n`);
    },
    done: () => undefined,
  };
}
