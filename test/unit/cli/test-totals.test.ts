import { describe, expect, it } from 'vitest';
import { totals } from '../../../scripts/bootstrap/test-totals.mjs';

const report = (...files: object[]) => JSON.stringify({ testResults: files });

describe('the totals of a test run', () => {
  it('count passed and failed tests', () => {
    const tests = [{ status: 'passed' }, { status: 'passed' }, { status: 'failed' }, { status: 'skipped' }];
    expect(totals(report({ status: 'failed', assertionResults: tests }))).toEqual({ passed: 2, failed: 1 });
  });

  it('count a file that could not be loaded as a failure', () => {
    expect(totals(report({ status: 'failed', assertionResults: [] }))).toEqual({ passed: 0, failed: 1 });
  });

  it('count a missing or broken report as a failure', () => {
    expect(totals('')).toEqual({ passed: 0, failed: 1 });
    expect(totals('{}')).toEqual({ passed: 0, failed: 1 });
  });
});
