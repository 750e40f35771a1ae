/**
 * The contract as JSON Schema, in the drafts that readers need: 2020-12 for validators, draft-04 for the EventBridge schema registry, which takes no
 * newer one. Published schemas allow unknown members, so that a consumer that validates does not break when one is added.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-schema.html
 */
import * as z from 'zod/mini';
import {
  EVENT_DETAIL_TYPE,
  EVENT_SCHEMA_VERSION,
  EVENT_SOURCE,
  eventDataSchema,
  metricChanged,
} from '../metric-changed.ts';
import { metricChangedEnvelope } from './event-envelope.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** As `source@detail-type`, the way EventBridge names the schemas of its own events. */
export const REGISTRY_SCHEMA_NAME = `${EVENT_SOURCE}@${EVENT_DETAIL_TYPE}`;

const TITLE = `${EVENT_DETAIL_TYPE} ${EVENT_SCHEMA_VERSION}`;

/** The `detail` of an event, JSON Schema 2020-12. */
export function detailSchema(): JsonSchema {
  const { $schema, ...schema } = z.toJSONSchema(metricChanged, { target: 'draft-2020-12', io: 'input' });
  return { $schema, $id: eventDataSchema(EVENT_SCHEMA_VERSION), title: TITLE, ...schema };
}

/** The whole event as a rule delivers it, JSON Schema draft-04, for the registry. */
export function registrySchema(): JsonSchema {
  const { $schema, ...schema } = z.toJSONSchema(metricChangedEnvelope, { target: 'draft-4', io: 'input' });
  return {
    $schema,
    id: `${eventDataSchema(EVENT_SCHEMA_VERSION)}:event`,
    title: TITLE,
    'x-amazon-events-source': EVENT_SOURCE,
    'x-amazon-events-detail-type': EVENT_DETAIL_TYPE,
    ...schema,
  };
}

/** The whole event in the dialect of an AsyncAPI 3 Schema Object, a superset of JSON Schema draft-07. */
export function asyncApiSchema(): JsonSchema {
  const { $schema: _, ...schema } = z.toJSONSchema(metricChangedEnvelope, { target: 'draft-7', io: 'input' });
  return schema;
}
