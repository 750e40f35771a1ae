/** The projector's settings, parsed once at cold start. Same meaning and units as the replicator's. */
import * as z from 'zod/mini';
import { replicatorEnvironment } from '../replicator/environment.ts';

export const projectorEnvironment = z.omit(replicatorEnvironment, { QUARANTINE_TABLE: true, QUARANTINE_BUCKET: true });

export type ProjectorEnvironment = Record<keyof z.infer<typeof projectorEnvironment>, string>;
