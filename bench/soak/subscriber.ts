/**
 * A team that subscribes to the bus with a queue and a rule of its own and stays through every outage. It keeps each event by metric and
 * revision, counts what came again, and notices an event id that came with two contents.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { DeleteMessageBatchCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { sqs } from '#cli/connection/clients.ts';
import { metricChanged } from '#schemas/metric-changed.ts';
import { putQueueOnBus } from '../queue-on-bus.ts';
import type { Reach, Relay } from './relay.ts';

const NAME = 'soak-subscriber';
const TRY_AGAIN_MS = 300;
const WAIT_SECONDS = 5;
const LOST_CONNECTION_MS = 20_000;

const envelope = z.object({ source: z.literal('metric-relay'), detail: metricChanged });

export class Subscriber {
  /** Revision → content, by metric id. */
  readonly revisions = new Map<string, Map<bigint, string>>();
  readonly twoContents: string[] = [];
  /** Messages that are no event by the published schema. */
  readonly unreadable: string[] = [];
  deliveries = 0;
  readonly #stop = new AbortController();
  #reading: Promise<void> | undefined;

  get events(): number {
    return [...this.revisions.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** Makes queue and rule, and reads from now on. */
  async subscribe(reach: Reach, relay: Relay): Promise<void> {
    await putQueueOnBus(reach.client, reach.output('EventBus'), NAME);
    this.#reading = this.#read(relay);
  }

  async leave(): Promise<void> {
    this.#stop.abort();
    await this.#reading;
  }

  async #read(relay: Relay): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const reach = await relay.reach();
      if (reach === undefined) {
        await delay(TRY_AGAIN_MS);
        continue;
      }
      const queues = sqs({ ...reach.client, maxAttempts: 1 });
      const QueueUrl = `${reach.client.endpoint}/${reach.accountId}/${NAME}`;
      try {
        while (!signal.aborted) {
          const asked = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: WAIT_SECONDS });
          const abortSignal = AbortSignal.any([signal, AbortSignal.timeout(LOST_CONNECTION_MS)]);
          const { Messages = [] } = await queues.send(asked, { abortSignal });
          for (const { Body = '' } of Messages) this.#take(Body);
          const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
          if (Entries.length > 0) await queues.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
        }
      } catch {
        // The pipeline or the queue is away; what was not deleted comes again.
        if (!signal.aborted) await delay(TRY_AGAIN_MS);
      } finally {
        queues.destroy();
      }
    }
  }

  #take(body: string): void {
    this.deliveries += 1;
    const parsed = envelope.safeParse(JSON.parse(body));
    if (!parsed.success) {
      this.unreadable.push(body.slice(0, 500));
      return;
    }
    const { metadata, data } = parsed.data.detail;
    const content = JSON.stringify(parsed.data.detail);
    const known = this.revisions.get(data.metricId) ?? new Map<bigint, string>();
    this.revisions.set(data.metricId, known);
    const revision = BigInt(data.revision);
    const first = known.get(revision);
    if (first === undefined) known.set(revision, content);
    else if (first !== content) this.twoContents.push(`${metadata.eventId}: ${first} ≠ ${content}`);
  }
}
