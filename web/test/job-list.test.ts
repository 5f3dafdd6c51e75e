import { describe, expect, test } from 'vitest';
import { JobList, MAX_JOBS } from '../src/job-list';
import type { Job } from '../src/types';

function job(n: number, more: Partial<Job> = {}): Job {
  return {
    id: `job-${String(n).padStart(5, '0')}`, task_id: 't', request_id: 'r', channel: 'b2b', owner: 'store-1', status: 'queued', progress: 0, stage: null,
    cancel_requested: false, credits: 1,
    created_at: new Date(1_700_000_000_000 + n * 1_000).toISOString(), started_at: null, finished_at: null, attempts: 0, provider: null,
    retry_of: null, result_url: null, error: null, queue_ms: null, processing_ms: null, ...more,
  };
}
const ids = (list: JobList) => list.items().map((one) => Number(one.id.slice(4)));

test('keeps the newest first, wherever they come from', () => {
  const list = new JobList();
  list.replace([job(3), job(2)], null);
  list.take(job(5));
  list.append([job(1)], null);
  expect(ids(list)).toEqual([5, 3, 2, 1]);
});

test('shows progress as it comes, and no step back to an earlier stage', () => {
  const list = new JobList();
  list.replace([job(1)], null);
  list.take(job(1, { status: 'processing', progress: 40, stage: 'provider' }));
  expect(list.get(job(1).id)?.progress).toBe(40);
  expect(list.take(job(1, { status: 'processing', progress: 10, stage: 'inputs' }))).toBe(false);
  expect(list.get(job(1).id)?.progress).toBe(40);
  list.take(job(1, { status: 'completed', progress: 100 }));
  expect(list.get(job(1).id)?.status).toBe('completed');
});

test('never holds more than its cap, and lets go of the oldest', () => {
  const list = new JobList();
  for (let n = 0; n < MAX_JOBS + 40; n += 1) list.take(job(n));
  expect(list.items()).toHaveLength(MAX_JOBS);
  expect(ids(list).at(-1)).toBe(40);
  expect(list.take(job(1))).toBe(false);
  expect(list.full).toBe(true);
});

test('an event that was overtaken changes nothing', () => {
  const list = new JobList();
  list.take(job(1, { status: 'completed' }));
  expect(list.take(job(1, { status: 'processing' }))).toBe(false);
  list.append([job(1, { status: 'queued' })], null);
  expect(list.items()[0]!.status).toBe('completed');
});

describe('a filter', () => {
  test('lets in what matches and lets go of what no longer does', () => {
    const list = new JobList({ status: 'processing', owner: 'store-1' });
    expect(list.take(job(1))).toBe(false);
    expect(list.take(job(1, { status: 'processing' }))).toBe(true);
    expect(list.take(job(2, { status: 'processing', owner: 'store-2' }))).toBe(false);
    expect(ids(list)).toEqual([1]);
    expect(list.take(job(1, { status: 'completed' }))).toBe(true);
    expect(ids(list)).toEqual([]);
  });
});

test('a change to a job of a page that was not loaded does not tear a hole into the list', () => {
  const list = new JobList();
  list.replace([job(9), job(8)], 'cursor');
  expect(list.take(job(2, { status: 'completed' }))).toBe(false);
  list.append([job(7)], null);
  expect(list.take(job(2, { status: 'completed' }))).toBe(true);
});
