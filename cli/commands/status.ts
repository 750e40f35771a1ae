/** `relay status`: every hop from the source to the bus, and whether something lags or was set aside. It reads and changes nothing. */
import { EXIT, type ExitCode } from '../exit-code.ts';
import { renderTable } from '../render/table.ts';
import { type Hop, hops } from '../status/hops.ts';
import { observe } from '../status/observe.ts';
import { type CommandContext, connectTo, type OutputOptions, type TargetOptions } from './command-context.ts';

export async function status({ terminal }: CommandContext, options: TargetOptions & OutputOptions): Promise<ExitCode> {
  const found = hops(await observe(await connectTo(options)));
  const healthy = found.every(({ state }) => state !== 'attention');
  if (options.json) {
    const asObjects = found.map((hop) => ({ ...hop, facts: Object.fromEntries(hop.facts) }));
    terminal.out(JSON.stringify({ healthy, hops: asObjects }));
  } else {
    terminal.out(
      renderTable(
        ['hop', 'state', 'detail'],
        found.map((hop) => [hop.hop, hop.state, detail(hop)]),
      ),
    );
    if (!healthy) terminal.say('Something lags or was set aside; a pipeline that is only busy catches up by itself.');
  }
  return healthy ? EXIT.ok : EXIT.drift;
}

const detail = ({ facts }: Hop): string => facts.map(([name, value]) => `${name} ${value ?? 'unknown'}`).join(', ');
