/** Every command is explained by examples that run as they stand, and docs/cli.md has every command with every option, and no other. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { relayProgram } from '#cli/program.ts';
import { PROJECT_ROOT } from '#cli/project.ts';

const silent = { out: () => {}, say: () => {}, progress: () => {}, style: text, styleData: text, interactive: false };
function text(_: unknown, shown: string): string {
  return shown;
}
const interruption = { signal: new AbortController().signal, stop: () => {}, requested: false };

/** `['relay', 'events', 'tail']` and so on, each with its command. */
function commandsBelow(command: Command, above: readonly string[] = []): readonly [path: string, command: Command][] {
  const path = [...above, command.name()];
  return [[path.join(' '), command], ...command.commands.flatMap((one) => [...commandsBelow(one, path)])];
}

const all = commandsBelow(relayProgram({ terminal: silent, interruption }, () => {}));
const byPath = new Map(all);
const leaves = all.filter(([, command]) => command.commands.length === 0);

function helpOf(command: Command): string {
  const help: string[] = [];
  command.configureOutput({ writeOut: (part) => void help.push(part), writeErr: () => {} });
  command.outputHelp();
  return help.join('');
}

const optionsOf = (command: Command): readonly string[] => command.options.flatMap(({ long }) => long ?? []);
/** Of nearly every command, or of the whole program; the page explains them once. */
const EVERYWHERE = ['--debug', '--json', '--data-dir', '--stack', '--region', '--help', '--version'];

describe('the help', () => {
  test.each(all)('of `%s` begins with examples', (_, command) => {
    expect(helpOf(command)).toMatch(/^Examples:\n {2}\S/);
  });

  const examples = all.flatMap(([, command]) =>
    [...helpOf(command).matchAll(/npx relay ([^|>]*?)(?: {2,}|[|>]|$)/gm)].map(([, words = '']) => words.trim()),
  );
  test.each([...new Set(examples)])('names in `npx relay %s` a command and options that there are', (words) => {
    const named = words.split(' ').slice(0, 2);
    const command = byPath.get(['relay', ...named].join(' ')) ?? byPath.get(`relay ${named[0]}`);
    const known = command === undefined ? [] : [...optionsOf(command), ...EVERYWHERE];
    expect(
      [command?.name(), ...(words.match(/(?<= )--[a-z-]+/g) ?? [])].filter((one) => !known.includes(one ?? '')),
    ).toEqual([command?.name() ?? 'a command']);
  });
});

describe('docs/cli.md', () => {
  const page = readFileSync(join(PROJECT_ROOT, 'docs', 'cli.md'), 'utf8');
  const sections = page.split(/^(?=###? )/m).map((section) => ({ heading: section.split('\n')[0] ?? '', section }));
  /** Where a command is explained: its heading has the command, or its group and the last word. */
  const sectionsOf = (path: string): string => {
    const [group, last] = [path.split(' ').slice(0, 2).join(' '), path.split(' ').at(-1) ?? ''];
    return sections
      .filter(
        ({ heading }) =>
          heading.includes(`\`${path}`) ||
          heading.includes(`\`${group}\``) ||
          (heading.includes(`\`${group} `) && heading.includes(`\`${last}`)),
      )
      .map(({ section }) => section)
      .join('\n');
  };

  test.each(leaves)('explains `%s` with each of its options', (path, command) => {
    const section = sectionsOf(path);
    expect(section, 'no heading names it').not.toBe('');
    const own = optionsOf(command).filter((option) => !EVERYWHERE.includes(option));
    expect(own.filter((option) => !new RegExp(`${option}\\b`).test(section))).toEqual([]);
    expect(section).toContain(path.split(' ').at(-1));
  });

  test('names no option that there is not', () => {
    const known = new Set([...all.flatMap(([, command]) => optionsOf(command)), ...EVERYWHERE]);
    const ofOthers = ['--ignore-scripts', '--endpoint-url'];
    const named = new Set(page.match(/(?<=[\s`([])--[a-z][a-z-]+/g));
    expect([...named].filter((option) => !known.has(option) && !ofOthers.includes(option))).toEqual([]);
  });
});
