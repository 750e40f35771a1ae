/** What every SDK client of a command is built with, for the pipeline on this machine and for a deployed stack alike. */
/** Without credentials the SDK's default chain finds them. */
export interface ClientConfig {
  readonly region?: string;
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly maxAttempts: number;
}
