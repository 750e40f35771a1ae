/**
 * `MetricChanged`, the event that other teams build on: the `detail` of an EventBridge event with source `metric-relay` and
 * detail-type `MetricChanged`. TypeScript types, JSON Schemas, the AsyncAPI document and the tables of docs/events.md are all made from
 * this one schema. Within a major version members are only ever added, and consumers ignore what they do not know.
 */
import * as z from 'zod/mini';

export const EVENT_SOURCE = 'metric-relay';
export const EVENT_DETAIL_TYPE = 'MetricChanged';
export const EVENT_SCHEMA_VERSION = '1.0';

/** Names a version of this schema, as `$id` of its JSON Schema and as `dataschema` of a CloudEvent. */
export const eventDataSchema = (schemaVersion: string): string => `urn:metric-relay:MetricChanged:${schemaVersion}`;

const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const text = (description: string) => z.string().check(z.describe(description));
const dateTime = (description: string) => z.string().check(z.regex(DATE_TIME), z.describe(description));
const names = (description: string) => z.array(z.string()).check(z.describe(description));
const revision = (description: string) => z.int().check(z.minimum(1), z.describe(description));

export const metricChange = z.enum(['CREATED', 'UPDATED', 'DEPRECATED', 'RESTORED', 'RENAMED', 'DELETED']);

/**
 * Item "0" of the Metrics table as plain JSON: sets are sorted arrays; a number is a JSON number where that is exact, else its decimal text.
 * https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html limits JSON integers to 64 bits.
 */
export const metricJson = z
  .looseObject({
    name: text('Name of the metric: the partition key of its items.'),
    version: z.literal('0').check(z.describe('Sort key of the item that holds the current state.')),
    metricId: z
      .union([z.int().check(z.minimum(0)), z.string().check(z.regex(/^\d+$/))])
      .check(
        z.describe('Identity of the metric. A number up to 9007199254740991 (2^53 - 1), above it its decimal digits.'),
      ),
    revision: revision('Same as `data.revision`.'),
    latestVersion: z.optional(
      z.int().check(z.minimum(0), z.describe('Latest version in the source. Absent while no version has arrived.')),
    ),
    valueType: text('`SCALAR`, `WEIGHTED_AVERAGE`, `HYBRID`, `PERCENTILE`, or one that was added since.'),
    createdAt: z.optional(dateTime('When the metric was created.')),
    createdBy: z.optional(text('Who created the metric.')),
    updatedAt: z.optional(dateTime('When the latest version was created.')),
    updatedBy: z.optional(text('Who created the latest version.')),
    deprecatedAt: z.optional(dateTime('When the metric was deprecated. Present on deprecated metrics only.')),
    deprecatedBy: z.optional(text('Who deprecated the metric.')),
    deprecatedReason: z.optional(text('Why the metric was deprecated.')),
    aggregationStyle: z.optional(
      text(
        '`SUM`, `LAST_DAY_OF_PERIOD`, `PERCENTILE`, or one that was added since. Absent while no version has arrived.',
      ),
    ),
    aggregationParam: z.optional(
      z
        .union([z.number(), z.string().check(z.regex(/^-?\d+(\.\d+)?$/))])
        .check(
          z.describe(
            'A decimal with up to 20 digits. A number where a double holds exactly these digits, else its decimal text.',
          ),
        ),
    ),
    hybridFormula: z.optional(text('How a hybrid is computed from the metrics it consumes.')),
    chainedMetric: z.optional(text('Name of the metric that answers for dates before `chainCutoffDate`.')),
    chainCutoffDate: z.optional(dateTime('First moment for which the metric answers itself.')),
    relatedDimensions: z.optional(names('Names of the dimensions of a primitive. A set: sorted, without duplicates.')),
    consumedMetrics: z.optional(names('Names of the metrics a hybrid consumes. A set: sorted, without duplicates.')),
    previousName: z.optional(text('Name before the latest rename; stays until the next one.')),
    incomplete: z.optional(
      z
        .literal(true)
        .check(
          z.describe(
            'Published although something it refers to has not arrived within the grace period. A later event without it follows when that arrives.',
          ),
        ),
    ),
  })
  .check(z.describe('The metric after the change; for DELETED its last known state.'));

export const metricChanged = z
  .looseObject({
    metadata: z
      .looseObject({
        eventId: z
          .string()
          .check(
            z.regex(/^\d+:\d+$/),
            z.describe('`metricId:revision`. A redelivery or a republished event repeats it.'),
          ),
        schemaVersion: z
          .string()
          .check(
            z.regex(/^1\.\d+$/),
            z.describe('`major.minor` of this contract. Accept every minor of a major you know.'),
          ),
        occurredAt: dateTime('When the change was committed in the source. Not an order: use `data.revision`.'),
        correlationId: text(
          'The source transaction, decimal digits of up to 64 bits; `load` for a row that came by a full load. One transaction may change many metrics.',
        ),
        replay: z
          .boolean()
          .check(
            z.describe(
              'True for an event that was sent again on purpose to fill a consumer. Apply it by the same rule.',
            ),
          ),
      })
      .check(z.describe('What is known of the event.')),
    data: z
      .looseObject({
        metricId: z
          .string()
          .check(
            z.regex(/^\d+$/),
            z.describe('Identity of the metric for ever, decimal digits of up to 64 bits. Names can move.'),
          ),
        name: text('Name after the change. For DELETED the last name.'),
        change: metricChange.check(z.describe('What kind of change it was. See the examples.')),
        revision: revision(
          'Counts the visible changes of this metric, without gaps. Apply an event only if it is greater than the last one applied for this `metricId`.',
        ),
        version: z.optional(text('Latest version in the source, decimal digits. Absent while no version has arrived.')),
        previousName: z.optional(text('Present when this change gave the metric another name: the name before.')),
        changedAttributes: names(
          'Names of the members of `metric` that came, went or changed, sorted. Empty for CREATED and DELETED, for a change of an older version only, and for most events with `replay`.',
        ),
        previous: z
          .record(z.string(), z.unknown())
          .check(
            z.describe(
              'The changed attributes as they were. One that was absent before is absent here, unless `previousOmitted` names it.',
            ),
          ),
        previousOmitted: z.optional(
          names('Changed attributes that had a value before, which was left out because the event would be too large.'),
        ),
        metric: z.optional(metricJson),
        metricRef: z.optional(
          z
            .looseObject({
              table: text('DynamoDB table.'),
              name: text('Partition key `name`.'),
              version: text('Sort key `version`.'),
            })
            .check(z.describe('In place of `metric` when the event would be too large: the item that holds it.')),
        ),
      })
      .check(z.describe('What changed.')),
  })
  .check(z.describe('One visible change of one metric: one revision, one event id.'));

export type MetricChange = z.infer<typeof metricChange>;
export type MetricChanged = z.infer<typeof metricChanged>;
export type MetricJson = z.infer<typeof metricJson>;
