/** One thing about a source database that prevents or hampers its replication. Its texts never hold a password. */
export interface SourceFinding {
  readonly code: string;
  readonly message: string;
  /** The statement to run or the setting to change. */
  readonly fix: string;
  /** `warning`: it works, but worse than it could. */
  readonly severity: 'error' | 'warning';
}
