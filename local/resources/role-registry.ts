/**
 * The roles of the template and what their policies allow so far. Every change is handed to the gateway at once, which enforces it. A role
 * that the template does not create has no credentials here: nothing on this machine could say what it may do.
 */
import type { PolicyStatement } from '../gateway/iam-statement.ts';
import type { Credentials, LocalAws } from '../local-aws.ts';

/** The part of the gateway that roles need. */
export interface PrincipalDesk {
  newCredentials(principalName: string): Credentials;
  setPrincipal(
    accessKeyId: string,
    principal: { roleArn: string; name: string; statements: readonly PolicyStatement[] },
  ): void;
}

interface Role {
  readonly roleArn: string;
  readonly credentials: Credentials;
  statements: readonly PolicyStatement[];
}

export class RoleRegistry {
  readonly #desk: PrincipalDesk;
  readonly #roles = new Map<string, Role>();

  constructor(desk: PrincipalDesk) {
    this.#desk = desk;
  }

  add(name: string, roleArn: string, statements: readonly PolicyStatement[]): void {
    this.#roles.set(name, { roleArn, credentials: this.#desk.newCredentials(name), statements });
    this.#publish(name);
  }

  attach(name: string, statements: readonly PolicyStatement[]): void {
    const role = this.#roles.get(name);
    if (role === undefined)
      throw new Error(`the policy is for the role ${name}, which no template of this assembly creates`);
    role.statements = [...role.statements, ...statements];
    this.#publish(name);
  }

  credentialsOf(roleArn: string): Credentials {
    for (const role of this.#roles.values()) if (role.roleArn === roleArn) return role.credentials;
    throw new Error(`no template of this assembly creates the role ${roleArn}, so nothing here can say what it may do`);
  }

  #publish(name: string): void {
    const role = this.#roles.get(name);
    if (role === undefined) return;
    const { roleArn, statements } = role;
    this.#desk.setPrincipal(role.credentials.accessKeyId, { roleArn, name, statements });
  }
}

const REGISTRY = 'iam-roles';

export function keepRoleRegistry(created: LocalAws['created'], registry: RoleRegistry): void {
  created.set(REGISTRY, registry);
}

export function roleRegistry(aws: LocalAws): RoleRegistry {
  const registry = aws.created.get(REGISTRY);
  if (registry instanceof RoleRegistry) return registry;
  throw new Error('the role registry was not set up; startLocalAws does that before it creates resources');
}
