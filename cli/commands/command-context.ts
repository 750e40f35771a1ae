/** What every command is given: where it talks, when it must stop, and the options that all of them share. */
import { type Connection, connect } from '../connection/connection.ts';
import type { Interruption } from '../interruption.ts';
import { dataDirectory } from '../project.ts';
import type { Terminal } from '../terminal.ts';

export interface CommandContext {
  readonly terminal: Terminal;
  readonly interruption: Interruption;
}

/** Options of every command that talks to a pipeline. */
export interface TargetOptions {
  readonly dataDir?: string;
  readonly stack?: string;
  readonly region?: string;
}

export interface OutputOptions {
  readonly json?: boolean;
}

export function connectTo(options: TargetOptions): Promise<Connection> {
  return connect({ dataDirectory: dataDirectory(options.dataDir), stack: options.stack, region: options.region });
}
