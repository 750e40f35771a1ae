import { describe, expect, it } from 'vitest';
import { itemToJson, orderAttributes, valueToJson, valueToText } from '#cli/render/exact-json.ts';

describe('an item as JSON', () => {
  it('keeps every digit of a number that a double cannot hold', () => {
    expect(valueToJson({ N: '18446744073709551615' })).toBe('18446744073709551615');
    expect(valueToJson({ N: '0.12345678901234567890123' })).toBe('0.12345678901234567890123');
    expect(valueToJson({ M: { big: { L: [{ N: '9007199254740993' }] } } })).toBe('{"big":[9007199254740993]}');
  });

  it('has sets as sorted arrays, of numbers by value', () => {
    expect(valueToJson({ SS: ['b', 'a'] })).toBe('["a","b"]');
    expect(valueToJson({ NS: ['10', '9', '18446744073709551615'] })).toBe('[9,10,18446744073709551615]');
    expect(valueToText({ SS: ['b', 'a'] })).toBe('a, b');
  });

  it('begins with name and version and goes on in alphabetical order', () => {
    const item = { valueType: { S: 'SCALAR' }, createdAt: { S: 'x' }, version: { S: '0' }, name: { S: 'cpu' } };
    expect(itemToJson(orderAttributes(item))).toBe('{"name":"cpu","version":"0","valueType":"SCALAR","createdAt":"x"}');
  });

  it('takes attributes whose names are special to JavaScript for ordinary ones', () => {
    const item = Object.fromEntries([['__proto__', { S: 'x' }]]);
    expect(itemToJson(orderAttributes(item))).toBe('{"__proto__":"x"}');
  });

  it('is JSON whatever the text', () => {
    const text = 'quote " backslash \\ line\nbreak 🚚';
    expect(JSON.parse(valueToJson({ S: text }))).toBe(text);
    expect(valueToJson({ NULL: true })).toBe('null');
    expect(valueToJson({ BOOL: false })).toBe('false');
  });
});
