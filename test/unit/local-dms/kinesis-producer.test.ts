import type { PutRecordsCommand, PutRecordsCommandOutput } from '@aws-sdk/client-kinesis';
import { describe, expect, it } from 'vitest';
import { chaos } from '#local/dms/chaos.ts';
import { KinesisProducer } from '#local/dms/kinesis-producer.ts';

/** A Kinesis that accepts or refuses each record as it is told, and remembers what it accepted, in order. */
function fakeKinesis(refuses: (text: string, request: number) => boolean) {
  const accepted: string[] = [];
  const requests: string[][] = [];
  const send = async (command: PutRecordsCommand): Promise<PutRecordsCommandOutput> => {
    const texts = (command.input.Records ?? []).map(({ Data }) => Buffer.from(Data ?? []).toString());
    requests.push(texts);
    const Records = texts.map((text) => {
      if (refuses(text, requests.length))
        return { ErrorCode: 'ProvisionedThroughputExceededException', ErrorMessage: 'slow down' };
      accepted.push(text);
      return { SequenceNumber: String(accepted.length), ShardId: 'shard-0' };
    });
    return { $metadata: {}, Records };
  };
  return {
    accepted,
    requests,
    client: { send } as unknown as ConstructorParameters<typeof KinesisProducer>[0]['client'],
  };
}

function producerOn(kinesis: ReturnType<typeof fakeKinesis>, tooLarge: number[] = []) {
  return new KinesisProducer({
    client: kinesis.client,
    streamArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/changes',
    chaos: chaos(),
    onTooLarge: async (_record, bytes) => {
      tooLarge.push(bytes);
    },
    onState: () => {},
  });
}

const accepted = (producer: KinesisProducer): Promise<void> => new Promise((resolve) => producer.whenAccepted(resolve));

describe('the producer', () => {
  it('keeps the order of every key when single records are refused', async () => {
    let refusals = 0;
    const kinesis = fakeKinesis((_text, request) => request < 12 && ++refusals % 3 === 0);
    const producer = producerOn(kinesis);
    const sent = Array.from({ length: 60 }, (_, n) => ({ partitionKey: `key ${n % 7}`, text: `${n % 7}:${n}` }));
    for (const record of sent) await producer.send(record);
    await accepted(producer);
    expect(refusals).toBeGreaterThan(3);
    for (let key = 0; key < 7; key++) {
      const ofKey = (texts: readonly string[]) => texts.filter((text) => text.startsWith(`${key}:`));
      expect(ofKey(kinesis.accepted)).toEqual(ofKey(sent.map(({ text }) => text)));
    }
  });

  it('never puts two records of one key into one request, because Kinesis may refuse the first of them alone', async () => {
    const kinesis = fakeKinesis(() => false);
    const producer = producerOn(kinesis);
    for (let n = 0; n < 40; n++) await producer.send({ partitionKey: `key ${n % 5}`, text: `${n % 5}:${n}` });
    await accepted(producer);
    for (const texts of kinesis.requests) expect(new Set(texts.map((text) => text[0])).size).toBe(texts.length);
  });

  it('calls a place accepted only when everything before it was', async () => {
    let open = false;
    const kinesis = fakeKinesis((text) => text === 'held back' && !open);
    const producer = producerOn(kinesis);
    await producer.send({ partitionKey: 'a', text: 'held back' });
    await producer.send({ partitionKey: 'b', text: 'free' });
    let reached = false;
    producer.whenAccepted(() => {
      reached = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(kinesis.accepted).toEqual(['free']);
    expect(reached).toBe(false);
    open = true;
    await accepted(producer);
    expect(reached).toBe(true);
  });

  it('hands a record that Kinesis would not take to whoever sets it aside, and sends the others', async () => {
    const kinesis = fakeKinesis(() => false);
    const tooLarge: number[] = [];
    const producer = producerOn(kinesis, tooLarge);
    await producer.send({ partitionKey: 'a', text: 'x'.repeat(1_048_576) });
    await producer.send({ partitionKey: 'b', text: 'small' });
    await accepted(producer);
    expect(tooLarge).toEqual([1_048_577]);
    expect(kinesis.accepted).toEqual(['small']);
  });

  it('stops also when a request never answers', async () => {
    const client = { send: () => new Promise(() => {}) } as unknown as ConstructorParameters<
      typeof KinesisProducer
    >[0]['client'];
    const producer = producerOn({ accepted: [], requests: [], client });
    await producer.send({ partitionKey: 'a', text: 'x' });
    await producer.stop();
  });
});
