import { describe, expect, test } from 'vitest';
import { ago, duration, plural, pretty, shortId, words } from '../src/format';

describe('duration', () => {
  test.each([
    [null, '–'],
    [Number.NaN, '–'],
    [-5, '0 ms'],
    [0, '0 ms'],
    [0.04, '<0.1 ms'],
    [0.42, '0.4 ms'],
    [999.4, '999 ms'],
    [1_000, '1.0 s'],
    [9_949, '9.9 s'],
    [9_950, '10 s'],
    [59_400, '59 s'],
    [59_600, '1 min 00 s'],
    [125_000, '2 min 05 s'],
    [3_600_000, '1 h 00 min'],
    [86_400_000 + 4 * 3_600_000, '1 d 4 h'],
  ])('%s reads %s', (ms, text) => expect(duration(ms)).toBe(text));
});

describe('ago', () => {
  const now = Date.parse('2026-03-01T12:00:00.000Z');
  test.each([
    ['2026-03-01T12:00:03.000Z', 'just now'], // a clock ahead of ours
    ['2026-03-01T11:59:58.000Z', 'just now'],
    ['2026-03-01T11:59:40.000Z', '20 s ago'],
    ['2026-03-01T11:15:00.000Z', '45 min ago'],
    ['2026-03-01T03:00:00.000Z', '9 h ago'],
    ['2026-01-15T12:00:00.000Z', '15 Jan 2026'],
    [null, '–'],
    ['yesterday', '–'],
  ])('%s reads %s', (iso, text) => expect(ago(iso, now)).toBe(text));
});

test('a long id keeps its start and end; a short one is left alone', () => {
  expect(shortId('0190b7c2-7d3e-7abc-9def-0123456789ab')).toBe('0190b7c2…6789ab');
  expect(shortId('job-12')).toBe('job-12');
});

test('codes become words and counts agree with their nouns', () => {
  expect(words('moderation_blocked')).toBe('Moderation blocked');
  expect(words('egress.address_refused')).toBe('Egress address refused');
  expect(plural(1, 'retry', 'retries')).toBe('1 retry');
  expect(plural(1_200, 'job')).toBe('1,200 jobs');
});

describe('pretty', () => {
  test('indents JSON, also when it comes as text', () => {
    expect(pretty('{"a":[1]}')).toBe('{\n  "a": [\n    1\n  ]\n}');
    expect(pretty({ a: 1 })).toBe('{\n  "a": 1\n}');
  });
  test('shows broken JSON as it came', () => expect(pretty('{"a":')).toBe('{"a":'));
  test('is bounded and says how much is missing', () => {
    expect(pretty('x'.repeat(30), 10)).toBe(`${'x'.repeat(10)}\n… 20 more characters`);
  });
});
