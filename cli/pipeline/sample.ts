/** Loads the LPH sample into the private database, once, and says so. */
import { connectSource } from '#local/dms/source-connection.ts';
import { type SampleOptions, scaledSample } from '#sample/generate.ts';
import { loadSample } from '#sample/load-sample.ts';
import type { Terminal } from '../terminal.ts';

/** `metrics`: size of the sample; without it, the ordinary one of 220. */
export function sampleOptions(metrics: number | undefined, seed?: number): SampleOptions {
  if (metrics === undefined) return seed === undefined ? {} : { seed };
  return scaledSample(metrics, seed);
}

export async function loadSampleInto(url: string, options: SampleOptions, terminal: Terminal): Promise<void> {
  const connection = await connectSource(url);
  try {
    let rows = 0;
    const begun = Date.now();
    const loaded = await loadSample(connection, options, ({ rowsDone, rowsTotal }) => {
      if (rowsDone === rowsTotal) rows += rowsTotal;
    });
    const text = loaded
      ? `the LPH sample is loaded: ${rows} rows in ${((Date.now() - begun) / 1000).toFixed(1)} s`
      : 'the sample is there already';
    terminal.say(`${terminal.style('dim', '·')} ${text}`);
  } finally {
    await connection.end();
  }
}
