// Overview: how much waits, how long it takes, who works, and whether the credits are right.

import { api } from '../api';
import { button, fill, h, setText } from '../dom';
import { count, duration, plural, words } from '../format';
import { subscribe } from '../live';
import { Chart } from '../parts/chart';
import { confirm } from '../parts/confirm';
import { problemBox, skeleton } from '../parts/feedback';
import { heading, repeat, type Page } from '../parts/page';
import { statusMark } from '../parts/status';
import { note, trouble } from '../parts/toast';
import { workersTable } from '../parts/workers';
import { formatRoute } from '../router';
import { STATUSES, type Counts, type Health, type Overview, type QueueDepth,
  type TimelinePoint } from '../types';

const MINUTES = 30;
const CATCH_UP_MINUTES = 2; // read again after the first time, and merged
const EVERY_MS = 5_000; // the server's own step
const MAX_POINTS = 720;

export function overviewPage(): Page {
  const counts = countsRow();
  const ledger = h('div', { class: 'ledger' });
  const depth = new Chart({
    title: 'Queue depth',
    series: [{ name: 'ready', color: '--series-1', filled: true }, { name: 'in work', color: '--series-2' }],
    format: (value) => count(Math.round(value)),
    whole: true,
    atLeast: 4,
  });
  const latency = new Chart({
    title: 'Time from acceptance to result',
    series: [{ name: 'p50', color: '--series-1' }, { name: 'p95', color: '--series-3' }],
    format: duration,
    axisFormat: (ms) => (ms === 0 ? '0' : duration(ms).replace('.0 ', ' ')),
    atLeast: 1_000,
  });
  const queues = h('div', { class: 'queues' });
  const workers = workersTable();
  const health = h('ul', { class: 'health' });
  const trouble = h('div');
  const body = h('div', { class: 'body' }, skeleton(2, 'block'));
  const content = [
    counts.element,
    h('section', { class: 'charts' }, depth.element, latency.element),
    queues,
    h('section', null, h('h2', null, 'Workers'), workers.element),
    h('section', { class: 'pair' },
      h('div', null, h('h2', null, 'Ledger'), ledger),
      h('div', null, h('h2', null, 'Parts'), health)),
  ];
  const summary = h('p', { class: 'summary' });
  const element = h('div', { class: 'page' }, heading('Overview', summary), trouble, body);
  let points: TimelinePoint[] = [];

  function show(state: Overview): void {
    if (body.firstElementChild?.className === 'skeleton') fill(body, ...content);
    counts.show(state.counts);
    showQueues(queues, state.queues);
    workers.show(state.workers);
    showLedger(ledger, state.ledger);
  }

  async function readTimeline(signal: AbortSignal): Promise<void> {
    const fresh = await api.timeline(points.length ? CATCH_UP_MINUTES : MINUTES, signal);
    const from = fresh.points[0]?.at;
    const older = from ? points.filter((point) => Date.parse(point.at) < Date.parse(from)) : points;
    points = [...older, ...fresh.points].slice(-MAX_POINTS);
    const start = Date.now() - MINUTES * 60_000;
    points = points.filter((point) => Date.parse(point.at) >= start);
    const times = points.map((point) => Date.parse(point.at) / 1_000);
    depth.set(times, [points.map((p) => p.ready), points.map((p) => p.leased)]);
    latency.set(times, [points.map((p) => p.p50_ms || null), points.map((p) => p.p95_ms || null)]);
  }

  const stopReading = repeat(EVERY_MS, async (signal) => {
    try {
      show(await api.overview(signal));
      await readTimeline(signal);
      showHealth(health, summary, await api.health(signal));
      fill(trouble);
    } catch (cause) {
      if (!signal.aborted) fill(trouble, problemBox('The overview could not be read', cause));
    }
  });
  const unsubscribe = subscribe({
    queues(state) {
      counts.show(state.counts);
      showQueues(queues, state.queues);
    },
    resume: () => {
      points = [];
    },
  });

  return {
    element,
    close() {
      stopReading();
      unsubscribe();
      depth.close();
      latency.close();
    },
  };
}

function countsRow() {
  const numbers = STATUSES.map((status) => ({ status, number: h('span', { class: 'big number' }, '–') }));
  return {
    element: h('div', { class: 'counts' },
      ...numbers.map(({ status, number }) =>
        h('a', { class: 'count', href: formatRoute(status === 'failed' ? 'failed' : 'jobs',
          status === 'failed' ? {} : { status }) }, number, statusMark(status).element))),
    show(counts: Counts) {
      for (const { status, number } of numbers) setText(number, count(counts[status]));
    },
  };
}

function showQueues(box: HTMLElement, queues: readonly QueueDepth[]): void {
  const lines = queues.map((queue) => {
    const parts = [`${count(queue.ready)} ready`, `${count(queue.delayed)} delayed`, `${count(queue.leased)} in work`];
    if (queue.oldest_ready_ms !== null) parts.push(`oldest has waited ${duration(queue.oldest_ready_ms)}`);
    return h('p', { class: 'queue-line' }, h('span', { class: 'mono' }, queue.queue), ' ',
      h('span', { class: 'hint number' }, parts.join(' · ')), ' ',
      queue.paused ? h('span', { class: 'badge bad' }, 'Paused') : null,
      pauseButton(queue),
      queue.dead > 0 ? h('a', { class: 'hint', href: formatRoute('dead') }, plural(queue.dead, 'dead letter')) : null);
  });
  if (box.textContent === lines.map((line) => line.textContent).join('')) return;
  const focused = box.contains(document.activeElement) ? document.activeElement?.getAttribute('aria-label') : null;
  fill(box, ...lines);
  if (focused) box.querySelector<HTMLElement>(`[aria-label="${CSS.escape(focused)}"]`)?.focus();
}

// Pausing stops what customers wait for, so it is asked first; resuming is not.
function pauseButton(queue: QueueDepth): HTMLButtonElement {
  const word = queue.paused ? 'Resume' : 'Pause';
  const element = button({ class: 'button small', 'aria-label': `${word} the queue ${queue.queue}` }, () => void run(), word);
  async function run(): Promise<void> {
    const sure = queue.paused || await confirm('Pause this queue?', [
      h('p', null, 'Nothing of it is handed out to workers until it is resumed. What runs goes on, and new jobs are still accepted.'),
    ], 'Pause the queue', 'Leave it');
    if (!sure) return;
    element.disabled = true;
    try {
      await api.pauseQueue(queue.queue, !queue.paused);
      note(queue.paused ? 'Resumed: workers take from it again.' : 'Paused: workers take nothing from it.');
    } catch (cause) {
      element.disabled = false;
      trouble(`The queue was not ${queue.paused ? 'resumed' : 'paused'}`, cause);
    }
  }
  return element;
}

function showLedger(box: HTMLElement, ledger: Overview['ledger']): void {
  const key = JSON.stringify(ledger);
  if (box.dataset.key === key) return;
  box.dataset.key = key;
  if (ledger.exact) {
    fill(box, h('p', { class: 'badge good' }, 'Exact'),
      h('p', { class: 'hint' }, 'Each session has one charge, and one refund exactly if it failed.'));
    return;
  }
  fill(box, h('p', { class: 'badge bad' }, 'Not exact'),
    h('p', null, 'Stop granting credits and compare these sessions with the ledger.'),
    h('ul', { class: 'discrepancies' }, ...ledger.discrepancies.slice(0, 20).map((one) =>
      h('li', { class: 'mono' }, typeof one === 'string' ? one : JSON.stringify(one)))));
}

function showHealth(list: HTMLElement, summary: HTMLElement, health: Health): void {
  fill(list, ...Object.entries(health.components).map(([name, part]) => {
    const good = part.status === 'ok';
    const latency = typeof part.latency_ms === 'number' ? duration(part.latency_ms) : '';
    return h('li', { 'data-good': String(good) }, h('span', null, words(name)),
      h('span', { class: 'hint number' }, [part.status, latency, part.error].filter(Boolean).join(' · ')));
  }));
  const unwell = health.status === 'ok' ? '' : ` Health is ${health.status}.`;
  if (health.version) setText(summary, `Version ${health.version}, up for ${duration((health.uptime_s ?? 0) * 1_000)}.${unwell}`);
}
