/**
 * Values for the template's parameters on this machine. They name parts of a network that is not there: the DMS twin reads the source at
 * its URL, so these only have to have the form the template asks for.
 */
/** Under this ARN the runtime is given the address of the SQL copy's database; see `copy-database.ts`. */
export const COPY_SECRET_ARN = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:local-copy-AbCdEf';

export const LOCAL_PARAMETERS: Readonly<Record<string, string>> = {
  SourceSecretArn: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:local-source-AbCdEf',
  SubnetIds: 'subnet-00000000000000001,subnet-00000000000000002',
  SecurityGroupIds: 'sg-00000000000000001',
};

/** With the stack of the worked subscribers. */
export const PARAMETERS_WITH_SUBSCRIBERS: Readonly<Record<string, string>> = {
  ...LOCAL_PARAMETERS,
  CopySecretArn: COPY_SECRET_ARN,
};
