/** What `doctor` says about one precondition, and what a measured number means. Pure. */

export interface Finding {
  readonly check: string;
  readonly state: 'ok' | 'problem';
  /** What was found. */
  readonly found: string;
  /** What to do; only with a problem. */
  readonly fix?: string;
}

export const ok = (check: string, found: string): Finding => ({ check, state: 'ok', found });

export const problem = (check: string, found: string, fix: string): Finding => ({
  check,
  state: 'problem',
  found,
  fix,
});

const GIB = 1024 ** 3;
/** Database, three emulators, the functions' workers and the pipeline itself, with the sample loaded. */
const MEMORY_NEEDED_GIB = 1.5;
/** Database files and binlog, DynamoDB Local's file, the bundled functions. */
const DISK_NEEDED_GIB = 1;

export function memoryFinding(availableBytes: number): Finding {
  const found = `${(availableBytes / GIB).toFixed(1)} GiB available`;
  if (availableBytes >= MEMORY_NEEDED_GIB * GIB) return ok('memory', found);
  return problem(
    'memory',
    `${found}, ${MEMORY_NEEDED_GIB} GiB are needed`,
    'Close other programs or use a larger machine.',
  );
}

export function diskFinding(directory: string, availableBytes: number): Finding {
  const found = `${(availableBytes / GIB).toFixed(1)} GiB free in ${directory}`;
  if (availableBytes >= DISK_NEEDED_GIB * GIB) return ok('disk', found);
  return problem(
    'disk',
    `${found}, ${DISK_NEEDED_GIB} GiB are needed`,
    'Free some space, or choose another place with --data-dir.',
  );
}

/** `MemAvailable` of /proc/meminfo in bytes: what programs can still get, unlike the free memory, which caches eat. */
export function availableMemory(meminfo: string): number | undefined {
  const kibibytes = /^MemAvailable:\s+(\d+) kB$/m.exec(meminfo)?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}
