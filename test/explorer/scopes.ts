/** The scopes that are explored. Each is as small as the danger that it is about allows; what was once wrong here stays here. */
import { changeValueType, insertLarge, remove, rename, swap } from '../support/large-metrics.ts';
import { metricRow, type SourceStory, versionRow } from '../support/source-story.ts';
import type { Scope } from './scope.ts';

function group(story: SourceStory): void {
  story.transaction(() => {
    story.insert('dimensions', { id: '1', name: 'country' });
    story.insert('metric_groups', { id: '1', name: 'group' });
    story.insert('dimensions_metric_groups', { dimension_id: '1', metric_group_id: '1' });
  });
}

function metrics(story: SourceStory, ...names: readonly string[]): void {
  group(story);
  for (const [index, name] of names.entries()) insertLarge(story, String(index + 1), name, 1);
}

function hybrid(story: SourceStory, id: string, name: string, consumed: string): void {
  story.transaction(() => {
    story.insert('metrics', metricRow(id, name, { value_type: 'HYBRID' }));
    story.insert('metric_versions', versionRow(id, '1', { hybrid_formula: 'x * 2' }));
    story.insert('metric_relationships', { consumed_metric_id: consumed, consumer_metric_id: id });
  });
}

export const SCOPES: readonly Scope[] = [
  {
    name: 'old-new-old',
    about: 'a value goes to a new one and back while another worker has read the new one',
    before: (story) => metrics(story, 'a'),
    changes: (story) => {
      changeValueType(story, '1');
      changeValueType(story, '1');
    },
  },
  {
    name: 'rename-and-version',
    about: 'a metric gets a new name and a new version at once',
    before: (story) => metrics(story, 'a'),
    changes: (story) => {
      rename(story, '1', 'b');
      story.transaction(() => story.insert('metric_versions', versionRow('1', '2')));
    },
  },
  {
    name: 'swap',
    about: 'two metrics exchange their names through a third name',
    before: (story) => metrics(story, 'a', 'b'),
    changes: (story) => swap(story, '1', '2'),
  },
  {
    name: 'claim-of-a-freed-name',
    about: 'a name is left by one metric and taken by another one',
    before: (story) => metrics(story, 'a', 'b'),
    changes: (story) => {
      rename(story, '1', 'c');
      rename(story, '2', 'a');
    },
  },
  {
    name: 'name-there-and-back',
    about: 'a metric leaves its name and returns while another one tries the name',
    before: (story) => metrics(story, 'a', 'b'),
    changes: (story) => {
      rename(story, '1', 'c');
      rename(story, '2', 'a');
      rename(story, '2', 'b');
    },
  },
  {
    name: 'chain-of-claims',
    about: 'a name is left, its claimant leaves its own name in turn, and a third metric waits for that one',
    before: (story) => metrics(story, 'a', 'b', 'c'),
    changes: (story) => {
      rename(story, '1', 'd');
      rename(story, '2', 'a');
      rename(story, '3', 'b');
    },
    // The last first: each claim is made while the name is still rightfully held.
    records: (_, messages) => messages.toReversed(),
  },
  {
    name: 'delete-and-take-name',
    about: 'a metric is deleted and another one takes its name',
    before: (story) => metrics(story, 'a', 'b'),
    changes: (story) => {
      remove(story, '1');
      rename(story, '2', 'a');
    },
  },
  {
    name: 'born-again',
    about:
      'a metric is deleted and inserted again under the same id; its old versions are cascaded away without a record',
    before: (story) => {
      group(story);
      insertLarge(story, '1', 'a', 2);
    },
    changes: (story) => {
      remove(story, '1');
      insertLarge(story, '1', 'a', 1);
    },
  },
  {
    name: 'cascade',
    about: 'a consumed metric is deleted and born again; the relationship is cascaded away without a record',
    before: (story) => {
      metrics(story, 'a');
      hybrid(story, '2', 'h', '1');
    },
    changes: (story) => {
      remove(story, '1');
      story.transaction(() => story.insert('metrics', metricRow('1', 'a')));
    },
  },
  {
    name: 'dimension-rename',
    about: 'a dimension is renamed while a metric that uses it moves from one group to another',
    before: (story) => {
      metrics(story, 'a');
      story.transaction(() => {
        story.insert('metric_groups', { id: '2', name: 'group2' });
        story.insert('dimensions_metric_groups', { dimension_id: '1', metric_group_id: '2' });
      });
    },
    changes: (story) => {
      story.transaction(() => story.update('dimensions', ['1'], { name: 'land' }));
      story.transaction(() => story.update('metrics', ['1'], { metric_group_id: '2' }));
    },
  },
  {
    name: 'fan-out',
    about: 'a dimension of more metrics than a batch may recompute, renamed while one of them changes',
    settings: { fanOutLimit: 1 },
    before: (story) => metrics(story, 'a', 'b'),
    changes: (story) => {
      story.transaction(() => story.update('dimensions', ['1'], { name: 'land' }));
      changeValueType(story, '1');
    },
  },
  {
    name: 'primary-key-update',
    about: 'the key of a version and of a dimension link is changed',
    before: (story) => {
      metrics(story, 'a');
      story.transaction(() => story.insert('dimensions', { id: '2', name: 'city' }));
    },
    changes: (story) => {
      story.transaction(() => story.update('metric_versions', ['1', '1'], { version: '2' }));
      story.transaction(() => story.update('dimensions_metric_groups', ['1', '1'], { dimension_id: '2' }));
    },
  },
  {
    name: 'parts-before-the-whole',
    about: 'the row, the version and the dimension link of a new metric arrive in any order',
    before: (story) =>
      story.transaction(() => {
        story.insert('dimensions', { id: '1', name: 'country' });
        story.insert('metric_groups', { id: '1', name: 'group' });
      }),
    changes: (story) => {
      story.transaction(() => story.insert('dimensions_metric_groups', { dimension_id: '1', metric_group_id: '1' }));
      insertLarge(story, '1', 'a', 1);
    },
  },
  {
    name: 'waiting-for-the-rest',
    about: 'as before, and what is not whole yet waits for the grace period in the queue',
    settings: { graceMs: 60_000 },
    before: group,
    changes: (story) => insertLarge(story, '1', 'a', 1),
  },
  {
    name: 'load-beside-change',
    about: 'the full load brings the rows of a metric while a change of it is on the way',
    before: group,
    changes: (story) => {
      insertLarge(story, '1', 'a', 1);
      changeValueType(story, '1');
    },
    records: (story, messages) => [
      ...story.load().filter((message) => /"table-name":"(metrics|metric_versions)"/.test(message)),
      messages.at(-1) ?? '',
    ],
  },
];
