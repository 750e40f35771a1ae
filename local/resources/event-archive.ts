/** AWS::Events::Archive: keeps the events of a bus that match a pattern, for as long as its retention says. */
import { compilePattern } from '../eventbridge/event-pattern.ts';
import { eventsOf } from '../eventbridge/pipeline-events.ts';
import type { ResourceProvider } from './resource-provider.ts';

/** Stands in `aws.created` under the ARN of the archive. */
export interface EventArchive {
  readonly name: string;
  /** Envelopes, as JSON text, with `fromMs <= time < toMs`, by time. */
  events(fromMs: number, toMs: number): Iterable<string>;
}

export const eventArchiveProvider: ResourceProvider = {
  type: 'AWS::Events::Archive',
  properties: ['ArchiveName', 'Description', 'EventPattern', 'KmsKeyIdentifier', 'RetentionDays', 'SourceArn'],
  async create({ stackName, logicalId, properties }, aws) {
    const { ArchiveName, EventPattern, RetentionDays, SourceArn } = properties;
    if (typeof SourceArn !== 'string')
      throw new Error(`${logicalId}: SourceArn must be the ARN of a bus, found ${JSON.stringify(SourceArn)}`);
    const events = eventsOf(aws);
    const name = typeof ArchiveName === 'string' ? ArchiveName : `${stackName}-${logicalId}`.slice(-48);
    const days = RetentionDays === undefined ? 0 : Number(RetentionDays);
    if (!Number.isInteger(days) || days < 0)
      throw new Error(
        `${logicalId}: RetentionDays must be a whole number of days, found ${JSON.stringify(RetentionDays)}`,
      );
    const archive = events.addArchive({
      name,
      busName: events.bus(SourceArn).name,
      // Zero days means for ever, as on AWS.
      ...(days > 0 ? { retentionDays: days } : {}),
      matches: EventPattern === undefined ? () => true : compilePattern(EventPattern),
    });
    const published: EventArchive = { name, events: (fromMs, toMs) => events.store.archived(name, fromMs, toMs) };
    aws.created.set(archive.arn, published);
    return { ref: name, attributes: { Arn: archive.arn } };
  },
};
