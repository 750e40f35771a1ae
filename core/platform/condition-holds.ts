/**
 * Whether a condition of the protocol holds for an item, as DynamoDB would say. It knows the forms that the protocol writes, and throws for
 * any other one: an unknown condition that counted as met would make a rehearsal promise what the real table refuses.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { sameValue } from './item-cost.ts';
import type { Condition, Item } from './item-store.ts';

export function conditionHolds(condition: Condition | undefined, item: Item | undefined): boolean {
  if (!condition) return true;
  return condition.expression
    .split(' OR ')
    .some((alternative) => alternative.split(' AND ').every((clause) => clauseHolds(clause.trim(), condition, item)));
}

function clauseHolds(clause: string, { names, values }: Condition, item: Item | undefined): boolean {
  const attribute = (word: string): AttributeValue | undefined => item?.[names?.[word] ?? word];
  const [, call, of] = /^(attribute_not_exists|attribute_exists)\((#?\w+)\)$/.exec(clause) ?? [];
  if (call !== undefined && of !== undefined)
    return (attribute(of) === undefined) === (call === 'attribute_not_exists');
  const [, left, right] = /^(#?\w+) = (:\w+)$/.exec(clause) ?? [];
  const value = right === undefined ? undefined : values?.[right];
  if (left === undefined || value === undefined)
    throw new Error(
      `a rehearsal cannot judge the condition ${JSON.stringify(clause)}: teach it in condition-holds.ts, with a test against DynamoDB`,
    );
  const found = attribute(left);
  return found !== undefined && sameValue(found, value);
}
