/**
 * The fast lanes as something that can notice a bug: run in a tree, a lane answers with the first test or law that failed. Only a failed test or a
 * broken law counts. A lane that could not run at all has caught nothing, whatever its exit code says.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { runProcess } from './run-process.ts';

export type Verdict =
  | { readonly kind: 'passed' }
  /** `by` is `file > title`, or `simulator: law`. */
  | { readonly kind: 'failed'; readonly by: string }
  | { readonly kind: 'timeout' }
  /** The lane ended with neither a failed test nor success. */
  | { readonly kind: 'unusable'; readonly why: string };

export interface FastLane {
  readonly name: string;
  run(tree: string, limitMs: number, signal: AbortSignal): Promise<Verdict>;
}

interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string | undefined;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/** The unit and property lanes, stopped at the first failure; only the given files when there are any. */
export function vitestLane(name: string, files: readonly string[]): FastLane {
  return {
    name,
    run: async (tree, limitMs, signal) => {
      const directory = await mkdtemp(join(tmpdir(), 'metric-relay-report-'));
      try {
        const report = join(directory, 'report.json');
        const vitest = join('node_modules', 'vitest', 'vitest.mjs');
        const options = ['--project', 'unit', '--project', 'property', '--bail', '1'];
        const args = [vitest, 'run', ...options, '--reporter', 'json', '--outputFile', report, ...files];
        const { code, output } = await runProcess(args, { cwd: tree, limitMs, signal });
        if (code === 'timeout') return { kind: 'timeout' };
        if (code === 0) return { kind: 'passed' };
        const text = await readFile(report, 'utf8').catch(() => undefined);
        return text === undefined ? unusable(output) : vitestVerdict(JSON.parse(text) as VitestReport, tree, output);
      } finally {
        await rm(directory, { recursive: true, force: true });
      }
    },
  };
}

/** What a report of a failed run says. */
export function vitestVerdict({ testResults }: VitestReport, tree: string, output: string): Verdict {
  for (const { name, assertionResults } of testResults) {
    const failed = assertionResults.find(({ status }) => status === 'failed');
    if (failed) return { kind: 'failed', by: `${relative(tree, name)} > ${failed.fullName}` };
  }
  const broken = testResults.find(({ status }) => status === 'failed');
  return unusable(broken ? `${relative(tree, broken.name)} could not be loaded: ${broken.message}` : output);
}

const OUTPUT_SHOWN = 600;
const unusable = (why: string): Verdict => ({ kind: 'unusable', why: why.trim().slice(-OUTPUT_SHOWN) });

/** A command that ends with 0 when every law held, and otherwise says which one did not; the first one is enough. */
export function commandLane(
  name: string,
  args: readonly string[],
  brokenLaw: (output: string) => string | undefined,
): FastLane {
  return {
    name,
    run: async (tree, limitMs, signal) => {
      const isEnough = (output: string): boolean => brokenLaw(output) !== undefined;
      const { code, output } = await runProcess(args, { cwd: tree, limitMs, signal, isEnough });
      const broken = brokenLaw(output);
      if (broken !== undefined) return { kind: 'failed', by: `${name}: ${broken}` };
      if (code === 'timeout') return { kind: 'timeout' };
      return code === 0 ? { kind: 'passed' } : unusable(output);
    },
  };
}
