/** The exit codes of `relay`, one table for every command; docs/cli.md explains them to users. */
export const EXIT = {
  ok: 0,
  /** The command ran and did not succeed. */
  failure: 1,
  /** Unknown command or option, or a value that is not allowed. */
  usage: 2,
  /** The command worked and the answer is no: `status` found lag or something set aside, `events test-pattern` no match. */
  drift: 3,
  /** Something the command needs is not there: no pipeline, no database, no Java, a taken port, a wrong setting. */
  precondition: 4,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
