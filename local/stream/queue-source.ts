/** Reads an SQS queue through the SDK with the reader's own credentials and writes messages in the shape that Lambda and Pipes share. */
import { DeleteMessageBatchCommand, type Message, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Credentials } from '../local-aws.ts';
import { withinLimit } from './answer-limit.ts';
import { queueUrlOf } from './queue-url.ts';
import type { SourceRecord } from './stream-source.ts';

export interface QueueRecord extends SourceRecord {
  readonly receiptHandle: string;
}

/** The port between the queue poller and a queue. */
export interface QueueSource {
  /** Waits up to `waitSeconds` for a first message; answers early with none when the signal aborts. */
  receive(recordsMax: number, waitSeconds: number, signal: AbortSignal): Promise<readonly QueueRecord[]>;
  /** A message that cannot be deleted comes again; the message of the error says why. */
  delete(records: readonly QueueRecord[]): Promise<void>;
  close(): void;
}

/** Per ReceiveMessage and per DeleteMessageBatch. */
const MESSAGES_MAX = 10;

export interface QueueSourceSettings {
  readonly queueArn: string;
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: Credentials;
}

export function openQueueSource(settings: QueueSourceSettings): QueueSource {
  const { queueArn, endpoint, region, credentials } = settings;
  const client = new SQSClient({ endpoint, region, credentials, maxAttempts: 1 });
  const queueUrl = queueUrlOf(queueArn, endpoint);
  return {
    async receive(recordsMax, waitSeconds, signal) {
      try {
        const answer = await client.send(
          new ReceiveMessageCommand({
            QueueUrl: queueUrl,
            MaxNumberOfMessages: Math.min(recordsMax, MESSAGES_MAX),
            WaitTimeSeconds: waitSeconds,
            MessageSystemAttributeNames: ['All'],
            MessageAttributeNames: ['All'],
          }),
          withinLimit(signal),
        );
        return (answer.Messages ?? []).map((message) => toQueueRecord(message, queueArn, region));
      } catch (error) {
        if (signal.aborted) return [];
        throw error;
      }
    },
    async delete(records) {
      const refused: string[] = [];
      for (let from = 0; from < records.length; from += MESSAGES_MAX) {
        const entries = records
          .slice(from, from + MESSAGES_MAX)
          .map((record, index) => ({ Id: String(index), ReceiptHandle: record.receiptHandle }));
        const answer = await client.send(
          new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries: entries }),
          withinLimit(),
        );
        for (const entry of answer.Failed ?? []) refused.push(`${entry.Code}: ${entry.Message ?? ''}`);
      }
      if (refused.length > 0) throw new Error(`${refused.length} messages could not be deleted: ${refused[0]}`);
    },
    close: () => client.destroy(),
  };
}

export function toQueueRecord(message: Message, queueArn: string, region: string): QueueRecord {
  const messageId = message.MessageId ?? '';
  const receiptHandle = message.ReceiptHandle ?? '';
  const attributes = Object.entries(message.MessageAttributes ?? {}).map(([name, value]) => [
    name,
    {
      ...(value.StringValue === undefined ? {} : { stringValue: value.StringValue }),
      ...(value.BinaryValue === undefined ? {} : { binaryValue: Buffer.from(value.BinaryValue).toString('base64') }),
      stringListValues: [],
      binaryListValues: [],
      dataType: value.DataType,
    },
  ]);
  const event = {
    messageId,
    receiptHandle,
    body: message.Body ?? '',
    attributes: message.Attributes ?? {},
    messageAttributes: Object.fromEntries(attributes) as object,
    ...(message.MD5OfMessageAttributes === undefined ? {} : { md5OfMessageAttributes: message.MD5OfMessageAttributes }),
    md5OfBody: message.MD5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: region,
  };
  return {
    identifier: messageId,
    receiptHandle,
    arrivedAtMs: Number(message.Attributes?.SentTimestamp ?? 0),
    json: JSON.stringify(event),
    filterable: () => ({ ...event, body: parsedOrText(event.body) }),
  };
}

function parsedOrText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
