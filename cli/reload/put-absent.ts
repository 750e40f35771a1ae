/** Puts the records of absences on the change stream, where they go the way of every change. */
import { type KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { type AbsentRow, absentRecord } from '#core/reload/absent-record.ts';
import { failed } from '../command-failure.ts';
import { counted } from '../render/counted.ts';

/** https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html */
const RECORDS_MAX = 500;
const ATTEMPTS_MAX = 8;
const PAUSE_MS = 200;

export async function putAbsent(
  client: KinesisClient,
  StreamName: string,
  rows: readonly AbsentRow[],
  began: ReadonlyMap<string, string>,
  pause: (ms: number) => Promise<unknown>,
): Promise<void> {
  for (let from = 0; from < rows.length; from += RECORDS_MAX) {
    let waiting = rows.slice(from, from + RECORDS_MAX).map((row) => {
      const { partitionKey, text } = absentRecord(row, began.get(row.table.name) ?? '');
      return { PartitionKey: partitionKey, Data: Buffer.from(text) };
    });
    for (let attempt = 0; waiting.length > 0; attempt++) {
      if (attempt === ATTEMPTS_MAX)
        throw failed(
          `Kinesis refused ${waiting.length} of ${counted(rows.length, 'record')} ${ATTEMPTS_MAX} times.`,
          'Run the command again with --absent-only: what is noted already is not sent again.',
        );
      if (attempt > 0) await pause(PAUSE_MS * 2 ** attempt);
      const { Records: answers = [] } = await client.send(new PutRecordsCommand({ StreamName, Records: waiting }));
      // An answer without a sequence number is no acceptance, whatever else it says.
      waiting = waiting.filter((_, index) => answers[index]?.SequenceNumber === undefined);
    }
  }
}
