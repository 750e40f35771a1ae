/**
 * Queue URLs in the answers of the SQS emulator, made to point at the gateway. The SDK sends to the host of the queue URL whatever
 * endpoint it was given, so a URL that names the emulator, or the port of an earlier run, would lead around the gateway.
 */
import type { WireResponse } from './wire.ts';

const WITH_URLS = new Set(['CreateQueue', 'GetQueueUrl', 'ListQueues', 'ListDeadLetterSourceQueues']);

export function withQueueUrlsAt(port: number, operation: string, answer: WireResponse): WireResponse {
  if (!WITH_URLS.has(operation) || answer.status >= 400) return answer;
  const moved = answer.body.toString('utf8').replace(/"https?:\/\/[^/"]+\//g, `"http://127.0.0.1:${port}/`);
  return { ...answer, body: Buffer.from(moved) };
}
