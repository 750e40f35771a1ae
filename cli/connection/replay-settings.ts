/** The settings of a deployment that decide what a replay or a rebuild does, from its outputs. */
import * as z from 'zod';
import { preconditionMissing } from '../command-failure.ts';
import { type Connection, requireOutput } from './connection.ts';

const replaySettings = z.object({
  tombstoneDays: z.number(),
  graceSeconds: z.number(),
  fanOutLimit: z.number(),
  redirectDays: z.number(),
  readShare: z.number(),
  batchRecords: z.number(),
  archive: z.optional(z.object({ days: z.number(), windowSeconds: z.number() })),
});

export function replaySettingsOf(connection: Connection): z.infer<typeof replaySettings> {
  const text = requireOutput(connection, 'ReplaySettings');
  try {
    return replaySettings.parse(JSON.parse(text));
  } catch (error) {
    throw preconditionMissing(
      `The output ReplaySettings of the stack is not understood: ${text}`,
      'Deploy the version of this command, or use the version that was deployed.',
      error,
    );
  }
}
