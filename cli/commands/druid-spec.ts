/** `relay druid spec`: the supervisor spec of the datasource of metric changes, generated from the contract. Needs neither Druid nor a pipeline. */
import { writeFile } from 'node:fs/promises';
import { changeColumns } from '#druid/change-columns.ts';
import { writeJson } from '#druid/json.ts';
import { supervisorSpec } from '#druid/supervisor-spec.ts';
import { failed, messageOf } from '../command-failure.ts';
import { givenSpecOptions, type SpecCommandOptions, specOptions } from '../druid/spec-options.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import type { CommandContext, OutputOptions } from './command-context.ts';

export interface DruidSpecOptions extends SpecCommandOptions, OutputOptions {
  readonly out?: string;
}

export async function druidSpec({ terminal }: CommandContext, options: DruidSpecOptions): Promise<ExitCode> {
  const chosen = specOptions(await givenSpecOptions(options));
  const spec = supervisorSpec(chosen);
  if (options.out === undefined) {
    terminal.out(writeJson(spec, options.json === true ? undefined : 2));
  } else {
    await writeFile(options.out, `${writeJson(spec, 2)}\n`).catch((error: unknown) => {
      throw failed(`${options.out} could not be written: ${messageOf(error)}`, 'Name another file with --out.', error);
    });
    terminal.say(`${options.out} written`);
  }
  terminal.say(
    `${changeColumns().length} columns of ${chosen.datasource} from stream ${chosen.stream} at ${chosen.endpoint}. Post it with \`npx relay druid apply\`.`,
  );
  return EXIT.ok;
}
