/** The worker's settings, parsed once at cold start. The address and the password of the database are in the secret, never here. */
import * as z from 'zod/mini';

export const sqlCopyEnvironment = z.object({
  /** ARN of a Secrets Manager secret; see database-address.ts for what is in it. */
  COPY_SECRET_ARN: z.string().check(z.startsWith('arn:')),
});

export type SqlCopyEnvironment = Record<keyof z.infer<typeof sqlCopyEnvironment>, string>;

/** What Lambda itself puts into the environment of every function. */
export const lambdaEnvironment = z.object({
  AWS_REGION: z.string(),
  AWS_ACCESS_KEY_ID: z.string(),
  AWS_SECRET_ACCESS_KEY: z.string(),
  AWS_SESSION_TOKEN: z.optional(z.string()),
  /** Only where AWS is stood in for. */
  AWS_ENDPOINT_URL: z.optional(z.string()),
});

export type LambdaEnvironment = z.infer<typeof lambdaEnvironment>;
