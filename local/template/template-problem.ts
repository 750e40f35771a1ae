/**
 * What is wrong with a template, collected and reported together: a newcomer who adds one unsupported resource should not find the next
 * one only after fixing the first. Nothing is created while there is a problem.
 */
export interface TemplateProblem {
  readonly stackName: string;
  /** Logical id, or the place in the template where there is none (`Outputs.MetricsTable`). */
  readonly where: string;
  readonly message: string;
}

export class TemplateError extends Error {
  readonly problems: readonly TemplateProblem[];

  constructor(problems: readonly TemplateProblem[]) {
    const lines = problems.map(({ stackName, where, message }) => `  - ${stackName} / ${where}: ${message}`);
    const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
    super(`The CloudFormation templates cannot run on this machine (${count}):\n${[...new Set(lines)].join('\n')}`);
    this.name = 'TemplateError';
    this.problems = problems;
  }
}
