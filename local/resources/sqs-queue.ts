/**
 * Queues in the SQS emulator. The queue's URL names the gateway, because the SDK sends to the host of the URL whatever endpoint it was
 * given; it is worked out anew at every start, since the gateway's port may change.
 */
import { CreateQueueCommand, QueueDoesNotExist, SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { operatorClient } from './operator-client.ts';
import { physicalName } from './physical-name.ts';
import { readBoolean, readInteger } from './property-reader.ts';
import type { Json, ResolvedResource, ResourceProvider } from './resource-provider.ts';

/** Template property → attribute of the API. */
const NUMBERS = new Map([
  ['VisibilityTimeout', 'VisibilityTimeout'],
  ['MessageRetentionPeriod', 'MessageRetentionPeriod'],
  ['DelaySeconds', 'DelaySeconds'],
  ['ReceiveMessageWaitTimeSeconds', 'ReceiveMessageWaitTimeSeconds'],
  ['MaximumMessageSize', 'MaximumMessageSize'],
]);
const SWITCHES = new Map([
  ['FifoQueue', 'FifoQueue'],
  ['ContentBasedDeduplication', 'ContentBasedDeduplication'],
]);
const DOCUMENTS = new Map([['RedrivePolicy', 'RedrivePolicy']]);
const WITHOUT_EFFECT = [
  'KmsMasterKeyId',
  'KmsDataKeyReusePeriodSeconds',
  'SqsManagedSseEnabled',
  'RedriveAllowPolicy',
  'Tags',
];

export const sqsQueueProvider: ResourceProvider = {
  type: 'AWS::SQS::Queue',
  properties: ['QueueName', ...NUMBERS.keys(), ...SWITCHES.keys(), ...DOCUMENTS.keys(), ...WITHOUT_EFFECT],
  async create(resource, aws) {
    const fifo = readBoolean(resource.properties.FifoQueue, 'FifoQueue') === true;
    const plain = physicalName(resource, { property: 'QueueName', longest: fifo ? 75 : 80 });
    const name = fifo && !plain.endsWith('.fifo') ? `${plain}.fifo` : plain;
    const url = `${aws.endpoint}/${aws.accountId}/${name}`;
    const attributes = queueAttributes(resource);
    const client = new SQSClient(operatorClient(aws));
    try {
      const { FifoQueue: _fixed, ...changeable } = attributes;
      try {
        await client.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: changeable }));
      } catch (error) {
        if (!(error instanceof QueueDoesNotExist)) throw error;
        await client.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }));
      }
    } finally {
      client.destroy();
    }
    return {
      ref: url,
      attributes: {
        Arn: `arn:aws:sqs:${aws.region}:${aws.accountId}:${name}`,
        QueueName: name,
        QueueUrl: url,
      },
      status: () => ({ queue: name }),
    };
  },
};

export function queueAttributes({ properties }: ResolvedResource): Record<string, string> {
  const attributes: [string, string][] = [];
  for (const [property, attribute] of NUMBERS) {
    const value = readInteger(properties[property], property);
    if (value !== undefined) attributes.push([attribute, String(value)]);
  }
  for (const [property, attribute] of SWITCHES) {
    if (readBoolean(properties[property], property) === true) attributes.push([attribute, 'true']);
  }
  for (const [property, attribute] of DOCUMENTS) {
    const value: Json | undefined = properties[property];
    if (value !== undefined) attributes.push([attribute, typeof value === 'string' ? value : JSON.stringify(value)]);
  }
  return Object.fromEntries(attributes);
}
