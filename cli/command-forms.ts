/** The form that all commands share: examples first, `--debug`, and for one that talks to a pipeline the options that name it. */
import type { Command } from 'commander';

export const DEBUG = 'show stack traces and the log of the pipeline on stderr';

export const DATA_DIR = 'data directory of the pipeline (default: RELAY_DATA_DIR, else .relay in this clone)';

export function addCommand(parent: Command, name: string, description: string, examples: readonly string[]): Command {
  return addGroup(parent, name, description, examples).option('--debug', DEBUG);
}

/** A word that only has commands below it. */
export function addGroup(parent: Command, name: string, description: string, examples: readonly string[]): Command {
  const shown = examples.map((example) => `  ${example}`).join('\n');
  return parent.command(name).description(description).addHelpText('before', `Examples:\n${shown}\n`);
}

export function withTarget(command: Command): Command {
  return command
    .option('--json', 'JSON on stdout')
    .option('--data-dir <dir>', DATA_DIR)
    .option('--stack <name>', 'a deployed stack instead of the pipeline on this machine')
    .option('--region <region>', 'region of the stack (default: the AWS configuration)');
}
