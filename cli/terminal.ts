/**
 * Where a command writes: data on stdout, talk on stderr. A line that updates in place is used only on a terminal; elsewhere progress
 * is plain lines. A reader that goes away (`relay … | head -1`) is not an error of the command.
 */
import { styleText } from 'node:util';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan' | 'magenta';

export interface Terminal {
  /** One line of data, on stdout. */
  out(line: string): void;
  /** One line of talk, on stderr. */
  say(line: string): void;
  /** Shows how far something is: replaces the last progress line on a terminal, a new line elsewhere. */
  progress(line: string): void;
  /** Colours for talk; plain text where stderr is no terminal or NO_COLOR is set. */
  style(style: Style, text: string): string;
  /** The same for data, by what stdout is. */
  styleData(style: Style, text: string): string;
  readonly interactive: boolean;
}

/** `onReaderGone` is called once when stdout has been closed by its reader. */
export function processTerminal(onReaderGone: () => void = () => {}): Terminal {
  const interactive = process.stderr.isTTY === true && process.env.TERM !== 'dumb';
  let progressShown = false;
  const clear = (): void => {
    if (progressShown) process.stderr.write('\r\u001b[2K');
    progressShown = false;
  };
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    onReaderGone();
  });
  process.stderr.on('error', () => {}); // Nobody listens to the talk any more; the work goes on.
  return {
    interactive,
    out: (line) => {
      clear();
      process.stdout.write(`${line}\n`);
    },
    say: (line) => {
      clear();
      process.stderr.write(`${line}\n`);
    },
    progress: (line) => {
      if (!interactive) {
        process.stderr.write(`${line}\n`);
        return;
      }
      clear();
      process.stderr.write(line.slice(0, Math.max(20, (process.stderr.columns || 80) - 1)));
      progressShown = true;
    },
    styleData: (style, text) =>
      process.stdout.isTTY && process.env.TERM !== 'dumb' ? styleText(style, text, { stream: process.stdout }) : text,
    style: (style, text) => (interactive ? styleText(style, text, { stream: process.stderr }) : text),
  };
}
