/**
 * The few forms of condition and key condition that core/ writes, as DynamoDB reads them. Any other form is an error of the simulator, never a
 * condition that holds.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Item } from '#core/platform/item-store.ts';
import { admittedValue, sameValue } from './attribute-value.ts';
import { validation } from './dynamodb-error.ts';

/** The members of a request that make up a condition. */
export interface ConditionRequest {
  readonly ConditionExpression?: string | undefined;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>> | undefined;
  readonly ExpressionAttributeValues?: Readonly<Record<string, AttributeValue>> | undefined;
}

type Clause =
  | { readonly kind: 'exists' | 'absent'; readonly attribute: string }
  | { readonly kind: 'equals'; readonly attribute: string; readonly operand: string };

/** OR of ANDs. */
type Parsed = readonly (readonly Clause[])[];

export type Holds = (item: Item | undefined) => boolean;

const parsedBefore = new Map<string, Parsed>();

function parse(expression: string): Parsed {
  const known = parsedBefore.get(expression);
  if (known !== undefined) return known;
  const parsed = expression.split(' OR ').map((all) => all.split(' AND ').map((clause) => parseClause(clause.trim())));
  parsedBefore.set(expression, parsed);
  return parsed;
}

function parseClause(clause: string): Clause {
  const call = /^attribute_(exists|not_exists)\(([#\w]+)\)$/.exec(clause);
  if (call?.[2] !== undefined) return { kind: call[1] === 'exists' ? 'exists' : 'absent', attribute: call[2] };
  const equals = /^([#\w]+) = (:\w+)$/.exec(clause);
  if (equals?.[1] !== undefined && equals[2] !== undefined)
    return { kind: 'equals', attribute: equals[1], operand: equals[2] };
  throw new Error(
    `the simulated DynamoDB does not know the condition ${JSON.stringify(clause)}: it reads attribute_exists(a), attribute_not_exists(a) ` +
      'and a = :v, joined by AND and OR. Teach simulator/aws/condition.ts the new form and its agreement test too',
  );
}

/** Always true without an expression. @throws ValidationException for names and values that are missing or not used. */
export function conditionOf(request: ConditionRequest): Holds {
  const { ConditionExpression: expression } = request;
  if (expression === undefined) {
    if (request.ExpressionAttributeNames !== undefined)
      throw validation('ExpressionAttributeNames can only be specified when using expressions');
    if (request.ExpressionAttributeValues !== undefined)
      throw validation(
        'ExpressionAttributeValues can only be specified when using expressions: ConditionExpression is null',
      );
    return () => true;
  }
  const parsed = parse(expression);
  const operands = new Operands('ConditionExpression', request);
  const alternatives = parsed.map((clauses) =>
    clauses.map((clause) => ({
      kind: clause.kind,
      attribute: operands.attribute(clause.attribute),
      value: clause.kind === 'equals' ? operands.value(clause.operand) : undefined,
    })),
  );
  operands.allUsed();
  return (item) =>
    alternatives.some((clauses) =>
      clauses.every(({ kind, attribute, value }) => {
        const found = item !== undefined && Object.hasOwn(item, attribute) ? item[attribute] : undefined;
        if (kind === 'equals') return found !== undefined && sameValue(found, value);
        return (found !== undefined) === (kind === 'exists');
      }),
    );
}

/** The partition and the prefix of the sort key that a Query asks for. */
export function keyConditionOf(
  request: ConditionRequest & { readonly KeyConditionExpression?: string | undefined },
  [partitionKey, sortKey]: readonly [string, string],
): { readonly partition: string; readonly prefix: string } {
  const match = /^([#\w]+) = (:\w+) AND begins_with\(([#\w]+), (:\w+)\)$/.exec(request.KeyConditionExpression ?? '');
  if (!match)
    throw new Error(`the simulated DynamoDB does not know the key condition ${request.KeyConditionExpression}`);
  const [, partitionName = '', partitionOperand = '', sortName = '', prefixOperand = ''] = match;
  const operands = new Operands('KeyConditionExpression', request);
  if (operands.attribute(partitionName) !== partitionKey || operands.attribute(sortName) !== sortKey)
    throw validation(`Query condition missed key schema element: ${partitionKey}`);
  const partition = operands.value(partitionOperand).S;
  const prefix = operands.value(prefixOperand).S;
  operands.allUsed();
  if (partition === undefined || prefix === undefined)
    throw validation('One or more parameter values were invalid: Condition parameter type does not match schema type');
  for (const [name, text] of [
    [partitionKey, partition],
    [sortKey, prefix],
  ] as const) {
    if (text === '')
      throw validation(
        `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: ${name}`,
      );
  }
  return { partition, prefix };
}

class Operands {
  readonly #where: string;
  readonly #names: Readonly<Record<string, string>>;
  readonly #values: Readonly<Record<string, AttributeValue>>;
  readonly #used = new Set<string>();

  constructor(where: string, request: ConditionRequest) {
    this.#where = where;
    this.#names = request.ExpressionAttributeNames ?? {};
    this.#values = request.ExpressionAttributeValues ?? {};
  }

  attribute(text: string): string {
    if (!text.startsWith('#')) return text;
    this.#used.add(text);
    const name = this.#names[text];
    if (name === undefined)
      throw validation(
        `Invalid ${this.#where}: An expression attribute name used in the document path is not defined; attribute name: ${text}`,
      );
    return name;
  }

  value(text: string): AttributeValue {
    this.#used.add(text);
    const value = this.#values[text];
    if (value === undefined)
      throw validation(
        `Invalid ${this.#where}: An expression attribute value used in expression is not defined; attribute value: ${text}`,
      );
    return admittedValue(value);
  }

  allUsed(): void {
    for (const [kind, given] of [
      ['Names', this.#names],
      ['Values', this.#values],
    ] as const) {
      const idle = Object.keys(given).filter((name) => !this.#used.has(name));
      if (idle.length > 0)
        throw validation(
          `Value provided in ExpressionAttribute${kind} unused in expressions: keys: {${idle.join(', ')}}`,
        );
    }
  }
}
