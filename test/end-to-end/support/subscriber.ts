/**
 * A team that subscribes to the bus: a queue, a rule on the bus, and everything that ever arrived. It may lose its connection and come
 * back to the same queue. It keeps each delivery, so that a redelivery can be told from a second event with the same id.
 */
import { DeleteMessageBatchCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { sqs } from '#cli/connection/clients.ts';
import { metricChanged } from '#schemas/metric-changed.ts';
import { putQueueOnBus } from '../../../bench/queue-on-bus.ts';
import { eventually } from './eventually.ts';
import type { Reach } from './reach.ts';

const envelope = z.object({
  id: z.string(),
  source: z.literal('metric-relay'),
  'detail-type': z.literal('MetricChanged'),
  detail: metricChanged,
});

type Detail = z.infer<typeof metricChanged>;

export interface Delivery {
  readonly detail: Detail;
  /** The detail exactly as it came. */
  readonly text: string;
}

export class Subscriber {
  readonly deliveries: Delivery[] = [];
  readonly #byMetric = new Map<string, Map<number, Detail>>();
  readonly #queueName: string;
  #listening: { readonly stop: AbortController; readonly ended: Promise<void> } | undefined;
  #failure: unknown;

  constructor(queueName: string) {
    this.#queueName = queueName;
  }

  /** Makes queue and rule, and listens. */
  async subscribe(reach: Reach): Promise<void> {
    await putQueueOnBus(reach.client, reach.output('EventBus'), this.#queueName);
    this.listen(reach);
  }

  /** Reads the queue until `leave`; what was received is deleted, so a crash of the pipeline may bring it again. */
  listen(reach: Reach): void {
    const stop = new AbortController();
    this.#listening = { stop, ended: this.#read(reach, stop.signal) };
  }

  async leave(): Promise<void> {
    this.#listening?.stop.abort();
    await this.#listening?.ended;
    this.#listening = undefined;
  }

  /** Events of a metric by revision, redeliveries left out. */
  ofMetric(metricId: number | string): ReadonlyMap<number, Detail> {
    return this.#byMetric.get(String(metricId)) ?? new Map();
  }

  get metricIds(): string[] {
    return [...this.#byMetric.keys()];
  }

  /** The metric's events from revision `from` up to `to`, as soon as all have arrived. */
  async awaitRevisions(metricId: number | string, from: number, to: number): Promise<Detail[]> {
    const wanted = Array.from({ length: to - from + 1 }, (_, index) => from + index);
    return eventually(
      `the events ${metricId}:${from} to ${metricId}:${to}`,
      () => {
        if (this.#failure !== undefined) throw this.#failure;
        const found = wanted.flatMap((revision) => this.ofMetric(metricId).get(revision) ?? []);
        return found.length === wanted.length ? found : undefined;
      },
      () => [...this.ofMetric(metricId).values()],
    );
  }

  async #read(reach: Reach, signal: AbortSignal): Promise<void> {
    const queues = sqs(reach.client);
    const QueueUrl = reach.queueUrl(this.#queueName);
    while (!signal.aborted) {
      try {
        const request = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 5 });
        const { Messages = [] } = await queues.send(request, { abortSignal: signal });
        for (const { Body = '' } of Messages) this.#take(Body);
        const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
        if (Entries.length > 0) await queues.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
      } catch (error) {
        // A pipeline that is being stopped or killed closes its door; whoever awaits an event says if it never comes.
        if (error instanceof z.ZodError) this.#failure = error;
        if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    queues.destroy();
  }

  #take(body: string): void {
    const { detail } = envelope.parse(JSON.parse(body));
    this.deliveries.push({ detail, text: JSON.stringify(detail) });
    const { metricId, revision } = detail.data;
    const revisions = this.#byMetric.get(metricId) ?? new Map<number, Detail>();
    this.#byMetric.set(metricId, revisions);
    if (!revisions.has(revision)) revisions.set(revision, detail);
  }
}
