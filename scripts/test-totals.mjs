// Prints the last line of `.ci/run`, `N passed, N failed`, from vitest's JSON report. A test file that could not be loaded has no
// tests to count, so it counts as one failure; a missing report does too. Exits 1 unless everything that was found has passed.
import { readFileSync } from 'node:fs';
import { totals } from './bootstrap/test-totals.mjs';

let text;
try {
  text = readFileSync(process.argv[2] ?? '', 'utf8');
} catch {
  text = '';
}
const { passed, failed } = totals(text);
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
