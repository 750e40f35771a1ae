/**
 * The URL of a queue at the gateway, from its ARN. It is put together and not asked for, because the roles of mappings and pipes
 * need no `sqs:GetQueueUrl` on AWS.
 */

/** `arn:aws:sqs:REGION:ACCOUNT:NAME` → `ENDPOINT/ACCOUNT/NAME`. */
export function queueUrlOf(queueArn: string, endpoint: string): string {
  const [, , service, , accountId, name] = queueArn.split(':');
  if (service !== 'sqs' || accountId === undefined || name === undefined) {
    throw new Error(`${queueArn} is not the ARN of a queue; expected arn:aws:sqs:REGION:ACCOUNT:NAME`);
  }
  return `${endpoint}/${accountId}/${name}`;
}
