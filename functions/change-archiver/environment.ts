/** The archiver's settings, parsed once at cold start. */
import * as z from 'zod/mini';

export const changeArchiverEnvironment = z.object({
  CHANGE_ARCHIVE_BUCKET: z.string().check(z.minLength(1)),
});

export type ChangeArchiverEnvironment = Record<keyof z.infer<typeof changeArchiverEnvironment>, string>;
