/** The port of a republish to EventBridge: one PutEvents request, and what became of each entry. */
import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { PutEvents } from '#core/republish/send-events.ts';
import { EVENT_DETAIL_TYPE, EVENT_SOURCE } from '#schemas/metric-changed.ts';

export function putEventsOn(client: EventBridgeClient, busName: string): PutEvents {
  return async (events) => {
    const { Entries = [] } = await client.send(
      new PutEventsCommand({
        Entries: events.map(({ detail }) => ({
          EventBusName: busName,
          Source: EVENT_SOURCE,
          DetailType: EVENT_DETAIL_TYPE,
          Detail: detail,
        })),
      }),
    );
    // An answer without an id is no acceptance, whatever else it says.
    return events.map((_, index) => {
      const answer = Entries[index];
      if (answer?.EventId !== undefined) return undefined;
      return `${answer?.ErrorCode ?? 'NoAnswer'}: ${answer?.ErrorMessage ?? 'the bus did not answer for this event'}`;
    });
  };
}
