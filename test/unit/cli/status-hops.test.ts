import { describe, expect, it, test } from 'vitest';
import { fullLoadLine, isFullLoadDone } from '#cli/pipeline/full-load.ts';
import { reportOf } from '#cli/pipeline/resource-status.ts';
import { hops } from '#cli/status/hops.ts';

const table = { schema: 'lph', table: 'metrics', rowsLoaded: 10, rowsTotal: 20, inserts: 1, updates: 0, deletes: 0 };
const resources = (replication: object = {}, mapping: object = {}) => [
  {
    type: 'AWS::DMS::ReplicationConfig',
    logicalId: 'R',
    status: { state: 'replicating', lagMs: 0, tables: [{ ...table, loaded: true }], ...replication },
  },
  {
    type: 'AWS::Lambda::EventSourceMapping',
    logicalId: 'ReplicatorChanges',
    status: { state: 'running', lagMs: 0, records: 12, ...mapping },
  },
  { type: 'AWS::Pipes::Pipe', logicalId: 'P', status: { state: 'running', lagMs: 0 } },
  { type: 'AWS::Events::EventBus', logicalId: 'B', status: { state: 'ACTIVE', accepted: 3, rules: 1 } },
];
const empty = { waiting: 0, inFlight: 0, delayed: 0 };
const healthy = {
  report: reportOf(resources()),
  projectionQueue: { ...empty, delayed: 27 },
  deadLetters: empty,
  quarantined: 0,
  metrics: 220,
};
const stateOf = (seen: Parameters<typeof hops>[0], name: string) => hops(seen).find(({ hop }) => hop === name)?.state;

describe('the hops of a pipeline', () => {
  it('are all fine in a pipeline that is up to date, work that is due later included', () => {
    expect(hops(healthy).map(({ state }) => state)).toEqual(hops(healthy).map(() => 'ok'));
  });

  it('want attention when something was set aside', () => {
    expect(stateOf({ ...healthy, quarantined: 1 }, 'quarantine')).toBe('attention');
    expect(stateOf({ ...healthy, deadLetters: { ...empty, inFlight: 1 } }, 'dead letters')).toBe('attention');
    expect(stateOf({ ...healthy, report: reportOf(resources({ setAside: 1 })) }, 'source')).toBe('attention');
  });

  it('want attention when one lags or does not run', () => {
    expect(stateOf({ ...healthy, report: reportOf(resources({}, { lagMs: 60_000 })) }, 'replicator')).toBe('attention');
    expect(stateOf({ ...healthy, report: reportOf(resources({}, { state: 'stopped' })) }, 'replicator')).toBe(
      'attention',
    );
    expect(stateOf({ ...healthy, report: reportOf(resources({ state: 'failed' })) }, 'source')).toBe('attention');
  });

  it('show a state machine by what runs in it, and an execution that failed is not the fault of the hop', () => {
    const status = { state: 'running', executions: 1, succeeded: 2, failed: 1, lastError: 'x FAILED' };
    const machine = { type: 'AWS::StepFunctions::StateMachine', logicalId: 'ReplayStateMachine', status };
    const [hop] = hops({ ...healthy, report: reportOf([...resources(), machine]) }).slice(-1);
    expect(hop).toMatchObject({ hop: 'replay', state: 'ok' });
    expect(new Map(hop?.facts).get('executions')).toBe(1);
    expect(new Map(hop?.facts).get('lastFailure')).toBe('x FAILED');
  });

  it('are unknown, with no number made up, when they cannot be seen', () => {
    for (const { state, facts } of hops({})) {
      expect(state).toBe('unknown');
      for (const [, value] of facts) expect(value).toBeNull();
    }
  });
});

const archiver = (status: object) => ({
  type: 'AWS::Lambda::EventSourceMapping',
  logicalId: 'ChangeArchiverArchive',
  status: { state: 'running', ...status },
});

test('the change archive may wait for a full batch, and no longer', () => {
  const withArchive = (lagMs: number) => ({ ...healthy, report: reportOf([...resources(), archiver({ lagMs })]) });
  expect(stateOf(withArchive(300_000), 'change archive')).toBe('ok');
  expect(stateOf(withArchive(340_000), 'change archive')).toBe('attention');
});

describe('the full load', () => {
  it('does not wait for the archive, nor takes a copied record for an applied one', () => {
    expect(isFullLoadDone(reportOf([...resources(), archiver({ lagMs: 60_000 })]))).toBe(true);
    const copied = archiver({ lagMs: 0, records: 99 });
    expect(isFullLoadDone(reportOf([...resources({}, { records: 3 }), copied]))).toBe(false);
  });

  it('is done when everything that was read has been applied, not when nothing has come yet', () => {
    expect(isFullLoadDone(reportOf(resources()))).toBe(true);
    expect(isFullLoadDone(reportOf(resources({}, { records: 3 })))).toBe(false);
    expect(isFullLoadDone(reportOf(resources({ state: 'loading' })))).toBe(false);
    expect(isFullLoadDone(reportOf([]))).toBe(false);
  });

  it('is done under writes that never cease, when only what came after it waits', () => {
    const behind = reportOf(resources({}, { lagMs: 400 }));
    expect(isFullLoadDone(behind, 399)).toBe(false);
    expect(isFullLoadDone(behind, 400)).toBe(true);
    expect(fullLoadLine(behind, 400)).toBe('Full load: 10 rows read and applied.');
  });

  it('says how far it is and at which table', () => {
    const loading = resources({ state: 'loading', tables: [{ ...table, loaded: false }] }, { records: 4 });
    expect(fullLoadLine(reportOf(loading))).toBe('Full load: 10 of 20 rows read (metrics), 4 applied…');
  });

  it('is not shown as one when the pipeline goes on from its checkpoint', () => {
    const resumed = resources({ tables: [{ ...table, rowsLoaded: 0, rowsTotal: undefined, loaded: true }] });
    expect(fullLoadLine(reportOf(resumed))).toBe('Going on from the last checkpoint.');
  });
});
