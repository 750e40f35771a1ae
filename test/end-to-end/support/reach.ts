/** How a test reaches a running pipeline, whichever process it runs in: like any other program, by endpoint, keys and stack outputs. */
import { readPipelineFile } from '#cli/connection/pipeline-file.ts';
import { ACCOUNT_ID } from '#local/runtime.ts';
import { eventually } from './eventually.ts';

export interface Reach {
  /** What SDK clients are built with. */
  readonly client: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
    readonly maxAttempts: number;
  };
  output(name: string): string;
  queueUrl(name: string): string;
}

interface Parts {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export function reachOf({ endpoint, region, credentials }: Parts, outputs: ReadonlyMap<string, string>): Reach {
  return {
    client: { endpoint, region, credentials: { ...credentials }, maxAttempts: 3 },
    output(name) {
      const value = outputs.get(name);
      if (value === undefined) throw new Error(`no output ${name}; there are ${[...outputs.keys()].join(', ')}`);
      return value;
    },
    queueUrl: (name) => `${endpoint}/${ACCOUNT_ID}/${name}`,
  };
}

/** Reaches the pipeline that another process runs on this data directory, as soon as it says where it is. */
export async function reachOfProcess(dataDirectory: string, pid: number, talk: () => string): Promise<Reach> {
  const file = await eventually(
    `the file with which process ${pid} says where its pipeline is`,
    async () => {
      const found = await readPipelineFile(dataDirectory);
      return found?.pid === pid ? found : undefined;
    },
    talk,
    120_000,
  );
  return reachOf(file, new Map(file.outputs));
}
