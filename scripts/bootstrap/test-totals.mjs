// Counts what vitest's JSON report says: passed, failed, and files that could not be loaded, which hold no test to count as failed.

/** Totals of the report's text; a text that is no report counts as one failure. */
export function totals(text) {
  let report;
  try {
    report = JSON.parse(text);
  } catch {
    return { passed: 0, failed: 1 };
  }
  if (!Array.isArray(report?.testResults)) return { passed: 0, failed: 1 };
  let passed = 0;
  let failed = 0;
  for (const file of report.testResults) {
    const states = (file.assertionResults ?? []).map((test) => test.status);
    passed += states.filter((state) => state === 'passed').length;
    const failedHere = states.filter((state) => state === 'failed').length;
    failed += failedHere === 0 && file.status === 'failed' ? 1 : failedHere;
  }
  return { passed, failed };
}
