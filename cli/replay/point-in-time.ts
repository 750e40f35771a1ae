/** Times as people write them: ISO 8601 with a zone, `now`, or so long ago (`-2h`, `90m ago`). A time without a zone is refused: whose would it be? */
import { InvalidArgumentError } from 'commander';

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/** From the time of the command to epoch milliseconds, so that `--from -2h --to -1h` is exactly one hour. */
export type PointInTime = (nowMs: number) => number;

export function pointInTime(text: string): PointInTime {
  const trimmed = text.trim();
  if (trimmed === 'now') return (nowMs) => nowMs;
  const relative = /^(?:-\s*(\d{1,9})\s*([smhd])|(\d{1,9})\s*([smhd])\s+ago)$/.exec(trimmed);
  if (relative) {
    const ms = Number(relative[1] ?? relative[3]) * (UNIT_MS.get(relative[2] ?? relative[4] ?? '') ?? 0);
    return (nowMs) => nowMs - ms;
  }
  const iso = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/.test(trimmed)
    ? Date.parse(trimmed)
    : Number.NaN;
  if (Number.isNaN(iso))
    throw new InvalidArgumentError(
      'Allowed: ISO 8601 with a zone (2026-11-20T12:00:00Z, 2026-11-20T13:00+01:00), -2h, "90m ago" (s, m, h, d) or now.',
    );
  return () => iso;
}

/** `2 d 3 h`, `4 min`, `12 s`: the two largest units, for people. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const units: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ];
  const first = units.findIndex(([count]) => count > 0);
  if (first < 0) return '0 s';
  return units
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}
