/** What the ready block offers to try: a SQL client that is installed, and a metric of the source to change with it. */
import { connectSource, firstRow } from '#local/dms/source-connection.ts';
import { findProgram } from '../../scripts/bootstrap/system.mjs';

/** `mariadb` where it is installed or nothing is; `mysql` where only that is. */
export function sqlClient(): string {
  return findProgram('mariadb', process.env) === undefined && findProgram('mysql', process.env) !== undefined
    ? 'mysql'
    : 'mariadb';
}

/** A primitive metric's latest version: changing it shows in version N and in the current state. */
export async function metricToTry(url: string): Promise<{ id: string; version: string; name: string } | undefined> {
  const connection = await connectSource(url);
  try {
    const [id, version, name] = await firstRow(
      connection,
      `SELECT m.id, MAX(v.version), m.name FROM metrics m JOIN metric_versions v ON v.metric_id = m.id
        WHERE m.value_type IN ('SCALAR', 'WEIGHTED_AVERAGE') GROUP BY m.id, m.name ORDER BY m.id LIMIT 1`,
    );
    return id === undefined || version === undefined || name === undefined ? undefined : { id, version, name };
  } finally {
    await connection.end();
  }
}
