/** Entry point of `relay`: runs one command and turns its outcome, or whatever it throws, into text on stderr and an exit code. */
import { CommanderError } from 'commander';
import { CommandFailure, messageOf } from './command-failure.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { listenForInterruption } from './interruption.ts';
import { relayProgram } from './program.ts';
import { processTerminal } from './terminal.ts';

const terminal = processTerminal(() => interruption.stop());
const interruption = listenForInterruption(terminal.say);

let exitCode: ExitCode = EXIT.ok;
const program = relayProgram({ terminal, interruption }, (code) => {
  exitCode = code;
});

try {
  await program.parseAsync(process.argv);
} catch (error) {
  exitCode = explain(error);
}
// What a command started, it has stopped; nothing that still lingers (a keep-alive socket) may keep the process.
await flushed(process.stdout);
process.exit(exitCode);

function explain(error: unknown): ExitCode {
  // Commander has already printed help, version, or what was wrong with the command line.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (interruption.requested && !(error instanceof CommandFailure)) return EXIT.interrupted;
  terminal.say(`${terminal.style('red', 'error:')} ${messageOf(error)}`);
  if (error instanceof CommandFailure && error.next !== undefined) terminal.say(error.next);
  if (process.argv.includes('--debug') && error instanceof Error) terminal.say(error.stack ?? '');
  else if (!(error instanceof CommandFailure))
    terminal.say('Run the same command with --debug to see where it came from.');
  return error instanceof CommandFailure ? error.exitCode : EXIT.failure;
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.destroyed || stream.writableEnded || stream.errored) return Promise.resolve();
  return new Promise((resolve) => stream.write('', () => resolve()));
}
