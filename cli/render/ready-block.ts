/** What `up` prints when the pipeline is ready: how to reach it, a change to try by hand, and where to watch it arrive. */
import { quoteForShell } from './quote-for-shell.ts';

export interface ReadyBlock {
  readonly endpoint: string;
  readonly sourceUrl: string;
  /** Program to connect with: `mariadb` or `mysql`. */
  readonly sqlClient: string;
  /** A metric to change by hand, if one exists. */
  readonly metric?: { readonly id: string; readonly version: string; readonly name: string } | undefined;
  /** ` --data-dir …` where the other commands need it, else nothing. */
  readonly dataDirFlag: string;
  readonly bold: (text: string) => string;
}

export function renderReadyBlock(block: ReadyBlock): string {
  const { metric, dataDirFlag: flag, bold } = block;
  const lines = [
    '',
    bold(`The pipeline is ready: ${block.endpoint}`),
    '',
    'Connect to the source database:',
    `  ${sqlCommand(block.sourceUrl, block.sqlClient)}`,
  ];
  if (metric !== undefined) {
    lines.push(
      `Change "${metric.name}" there and watch the event arrive:`,
      `  UPDATE metric_versions SET aggregation_style = IF(aggregation_style = 'SUM', 'LAST_DAY_OF_PERIOD', 'SUM')` +
        ` WHERE metric_id = ${metric.id} AND version = ${metric.version};`,
    );
  }
  lines.push(
    'In another terminal:',
    `  npx relay events tail${flag}     each MetricChanged as it arrives`,
    `  npx relay status${flag}          every hop from the binlog to the bus`,
    ...(metric === undefined ? [] : [`  npx relay metric get ${metric.name}${flag}`]),
    `  npx relay outputs --json${flag}  endpoint, keys and names for your own programs`,
    'Ctrl-C stops everything. The data directory is kept, and the next start goes on from there.',
    '',
  );
  return lines.join('\n');
}

/** The command line of a SQL client for a `mysql://` URL, ready to paste. */
export function sqlCommand(sourceUrl: string, sqlClient: string): string {
  const url = new URL(sourceUrl);
  const database = decodeURIComponent(url.pathname.slice(1));
  return [
    sqlClient,
    // An IPv6 host is in brackets in a URL and without them here. Never a socket: "localhost" would mean one.
    `--host=${url.hostname.replace(/^\[|\]$/g, '')}`,
    `--port=${url.port === '' ? '3306' : url.port}`,
    `--user=${quoteForShell(decodeURIComponent(url.username))}`,
    ...(url.password === '' ? [] : [`--password=${quoteForShell(decodeURIComponent(url.password))}`]),
    quoteForShell(database === '' ? 'lph' : database),
  ].join(' ');
}
