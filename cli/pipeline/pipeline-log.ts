/** The pipeline's log: JSON lines in `<data directory>/relay.log`; errors are shown on the terminal too, everything with --debug. */
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '#local/local-aws.ts';
import type { Terminal } from '../terminal.ts';

export interface PipelineLog {
  readonly log: Log;
  readonly path: string;
  close(): Promise<void>;
}

export function openPipelineLog(dataDirectory: string, terminal: Terminal, debug: boolean): PipelineLog {
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
  const path = join(dataDirectory, 'relay.log');
  const file = createWriteStream(path, { flags: 'a', mode: 0o600 });
  // A full disk must not end the pipeline with an unhandled event; the database and the emulators will say it louder.
  file.on('error', () => {});
  return {
    path,
    log: (source, message, fields) => {
      file.write(`${JSON.stringify({ ...fields, time: new Date().toISOString(), source, message })}\n`);
      if (debug) terminal.say(terminal.style('dim', `${source}: ${message}`));
      else if (fields?.level === 'error') terminal.say(`${terminal.style('red', source)}: ${message}`);
    },
    close: () => new Promise((resolve) => file.end(() => resolve())),
  };
}
