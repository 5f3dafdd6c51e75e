// The one stream of all job and queue changes, shared by every page.
//
// A tab that has been in the background for a minute gives its connection back (browsers allow six for a host) and
// takes it again when it is looked at.

import { EventStream, type StreamState } from './sse';
import type { Counts, Job, QueueDepth } from './types';

export interface LiveListener {
  job?: (job: Job) => void;
  queues?: (state: { queues: QueueDepth[]; counts: Counts }) => void;
  resume?: () => void; // events were missed: read the state anew
  state?: (state: StreamState, retryInMs: number) => void;
}

const HIDDEN_MS = 60_000;
const listeners = new Set<LiveListener>();
let lastState: [StreamState, number] = ['paused', 0];
let wanted = false;
let hideTimer: ReturnType<typeof setTimeout> | undefined;

const stream = new EventStream({
  url: '/v1/console/events',
  events: ['job', 'queues'],
  onEvent(name, data) {
    if (typeof data !== 'object' || data === null) return;
    for (const listener of [...listeners]) {
      if (name === 'job') listener.job?.(data as Job);
      else listener.queues?.(data as { queues: QueueDepth[]; counts: Counts });
    }
  },
  onState(state, retryInMs) {
    lastState = [state, retryInMs];
    for (const listener of [...listeners]) listener.state?.(state, retryInMs);
  },
  onResume() {
    for (const listener of [...listeners]) listener.resume?.();
  },
});

/** Returns what ends the subscription. The present connection state is told at once. */
export function subscribe(listener: LiveListener): () => void {
  listeners.add(listener);
  listener.state?.(...lastState);
  return () => listeners.delete(listener);
}

export function startLive(): void {
  wanted = true;
  stream.start();
}

export function stopLive(): void {
  wanted = false;
  stream.pause();
}

document.addEventListener('visibilitychange', () => {
  clearTimeout(hideTimer);
  if (!wanted) return;
  if (document.hidden) hideTimer = setTimeout(() => stream.pause(), HIDDEN_MS);
  else stream.start();
});
addEventListener('online', () => wanted && stream.start());
