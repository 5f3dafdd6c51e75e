// What happens out of sight, for screen readers: gathered, and said at most once in ten seconds.

import { h } from '../dom';
import { plural } from '../format';
import type { Job } from '../types';

const EVERY_MS = 10_000;
const region = h('div', { class: 'unseen', 'aria-live': 'polite', role: 'status' });
const finished = { completed: 0, failed: 0 };
let timer: ReturnType<typeof setTimeout> | undefined;
let lastAt = -EVERY_MS;

export function announcer(): HTMLElement {
  return region;
}

/** Says a sentence now: for what the reader has just caused. */
export function say(text: string): void {
  region.textContent = text;
}

export function jobFinished(job: Job): void {
  if (job.status !== 'completed' && job.status !== 'failed') return;
  finished[job.status] += 1;
  timer ??= setTimeout(summarise, Math.max(1_000, lastAt + EVERY_MS - performance.now()));
}

function summarise(): void {
  timer = undefined;
  lastAt = performance.now();
  const parts = [];
  if (finished.completed) parts.push(`${plural(finished.completed, 'job')} completed`);
  if (finished.failed) parts.push(`${plural(finished.failed, 'job')} failed`);
  finished.completed = finished.failed = 0;
  say(`${parts.join(', ')}.`);
}
