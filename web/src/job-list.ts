// The jobs one page shows: newest first, never more than MAX_JOBS, whatever arrives.

import type { Job, JobFilter, Status } from './types';

export const MAX_JOBS = 500;

const STAGE: Record<Status, number> = { queued: 0, processing: 1, completed: 2, failed: 2 };

export function matches(job: Job, filter: JobFilter): boolean {
  return (
    (!filter.status || job.status === filter.status) &&
    (!filter.channel || job.channel === filter.channel) &&
    (!filter.owner || job.owner === filter.owner)
  );
}

// What was overtaken on the way: neither status nor progress ever go back.
function isOlder(job: Job, known: Job): boolean {
  return STAGE[job.status] < STAGE[known.status] || (job.status === known.status && job.progress < known.progress);
}

function newerFirst(a: Job, b: Job): number {
  return Date.parse(b.created_at) - Date.parse(a.created_at) || (a.id < b.id ? 1 : -1);
}

export class JobList {
  private readonly byId = new Map<string, Job>();
  private sorted: Job[] | null = null;
  /** Where older jobs continue; null when there are none. */
  cursor: string | null = null;

  constructor(private readonly filter: JobFilter = {}) {}

  items(): readonly Job[] {
    this.sorted ??= [...this.byId.values()].sort(newerFirst);
    return this.sorted;
  }

  get full(): boolean {
    return this.byId.size >= MAX_JOBS;
  }

  get(id: string): Job | undefined {
    return this.byId.get(id);
  }

  /** Starts again with a first page. */
  replace(jobs: readonly Job[], cursor: string | null): void {
    this.byId.clear();
    this.append(jobs, cursor);
  }

  /** Adds a further, older page. */
  append(jobs: readonly Job[], cursor: string | null): void {
    for (const job of jobs) this.keep(job);
    this.cursor = cursor;
    this.trim();
  }

  /** A change that the server announced. True when the list changed. */
  take(job: Job): boolean {
    const known = this.byId.get(job.id);
    if (known && isOlder(job, known)) return false;
    if (!matches(job, this.filter)) {
      if (known) this.drop(job.id);
      return known !== undefined;
    }
    if (!known && this.isBelowTheFold(job)) return false;
    this.keep(job);
    this.trim();
    return this.byId.has(job.id);
  }

  drop(id: string): void {
    this.byId.delete(id);
    this.sorted = null;
  }

  // Older than all that is shown while more pages exist: its place is on one of those.
  private isBelowTheFold(job: Job): boolean {
    const last = this.items().at(-1);
    return this.cursor !== null && last !== undefined && newerFirst(last, job) < 0;
  }

  private keep(job: Job): void {
    const known = this.byId.get(job.id);
    if (known && isOlder(job, known)) return;
    this.byId.set(job.id, job);
    this.sorted = null;
  }

  private trim(): void {
    if (this.byId.size <= MAX_JOBS) return;
    for (const job of this.items().slice(MAX_JOBS)) this.byId.delete(job.id);
    this.sorted = null;
  }
}
