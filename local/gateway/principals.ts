/**
 * Who may call the gateway: the operator (the person at this machine), one principal per IAM role of the template, and the
 * AWS services that act in their own name. A caller is known by its access key id alone.
 */
import { randomBytes } from 'node:crypto';
import type { Credentials } from '../local-aws.ts';
import { compileStatements, type PolicyStatement, type Rule } from './iam-statement.ts';

export interface Principal {
  readonly name: string;
  /** As AWS prints it in an error: `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`. */
  readonly arn: string;
  /** `all` for the operator and the services, else the compiled policies of the role. */
  readonly rules: 'all' | readonly Rule[];
}

export interface PrincipalStore {
  readonly operator: Credentials;
  find(accessKeyId: string): Principal | undefined;
  /** New keys for a role that has no policies yet: everything is denied until `set`. */
  issue(name: string): Credentials;
  set(accessKeyId: string, role: { roleArn: string; name: string; statements: readonly PolicyStatement[] }): void;
}

/** Services whose calls AWS authorises by resource policies, which are not interpreted here. */
const SERVICES = ['events', 'lambda', 'pipes', 'dms', 'scheduler', 'states'] as const;
export type ServiceName = (typeof SERVICES)[number];

/**
 * Keys with which a service of this machine acts in its own name where AWS asks for no role, such as a rule that sends to a
 * queue. The key is the same in every run; nothing is protected by it, because secrets are never checked here.
 */
export function serviceCredentials(service: ServiceName): Credentials {
  return { accessKeyId: `SERVICE${service.toUpperCase()}AMAZONAWSCOM`, secretAccessKey: 'local' };
}

export function principalStore(options: { region: string; accountId: string }): PrincipalStore {
  const principals = new Map<string, Principal>();
  const newKeys = (): Credentials => ({
    // Letters and digits, beginning with letters: never the twelve digits that the Kinesis emulator takes for an account.
    accessKeyId: `LOCAL${randomBytes(8).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(20).toString('hex'),
  });
  const operator = newKeys();
  principals.set(operator.accessKeyId, {
    name: 'operator',
    arn: `arn:aws:iam::${options.accountId}:user/operator`,
    rules: 'all',
  });
  for (const service of SERVICES) {
    const name = `${service}.amazonaws.com`;
    principals.set(serviceCredentials(service).accessKeyId, { name, arn: name, rules: 'all' });
  }
  return {
    operator,
    find: (accessKeyId) => principals.get(accessKeyId),
    issue(name) {
      const keys = newKeys();
      principals.set(keys.accessKeyId, {
        name,
        arn: `arn:aws:sts::${options.accountId}:assumed-role/${name}/local`,
        rules: [],
      });
      return keys;
    },
    set(accessKeyId, role) {
      if (!principals.has(accessKeyId))
        throw new Error(`access key id ${accessKeyId} is not known to the gateway; make it with newCredentials first`);
      const arn = role.roleArn.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/');
      const rules = compileStatements(role.statements, {
        ...options,
        principalArn: role.roleArn,
        principalName: role.name,
      });
      principals.set(accessKeyId, { name: role.name, arn: `${arn}/local`, rules });
    },
  };
}
