/** The filter criteria of an event source mapping or a pipe: a record passes when one of the patterns matches, or when there are none. */
import { compilePatternText } from '../eventbridge/event-pattern.ts';
import type { SourceRecord } from './stream-source.ts';

export type RecordFilter = (record: SourceRecord) => boolean;

export function compileRecordFilter(patterns: readonly string[]): RecordFilter {
  if (patterns.length === 0) return () => true;
  const predicates = patterns.map((pattern) => compilePatternText(pattern));
  return (record) => {
    const subject = record.filterable();
    return predicates.some((matches) => matches(subject));
  };
}
