// Failed: why, and again. A retry is a new job; the failed one stays as it is.

import { api } from '../api';
import { KeyedList, button, fill, h, setText, type Keyed } from '../dom';
import { plural, shortId, words } from '../format';
import { JobList, MAX_JOBS } from '../job-list';
import { subscribe } from '../live';
import { confirm } from '../parts/confirm';
import { emptyState, problemBox, skeleton } from '../parts/feedback';
import { cell, channelTag, jobLink, table } from '../parts/job-row';
import { retryButton } from '../parts/job-drawer';
import { heading, type Page } from '../parts/page';
import { agoTime } from '../parts/time';
import { note, trouble } from '../parts/toast';
import { formatRoute } from '../router';
import type { Job } from '../types';

const PAGE = 50;
const RENDER_MS = 150;
const COLUMNS = [
  ['cell-check', 'Select'],
  ['cell-job', 'Job'],
  ['cell-reason', 'Reason'],
  ['cell-owner', 'Owner'],
  ['cell-action', 'Action'],
] as const;

export function failedPage(): Page {
  const list = new JobList({ status: 'failed' });
  const selected = new Set<string>();
  const retriedAs = new Map<string, string>(); // failed id -> the new job's id
  const abort = new AbortController();
  let renderTimer: ReturnType<typeof setTimeout> | undefined;
  let complete = false; // the first page is there

  const failed = table('Failed jobs, newest first', COLUMNS, 'failed');
  const all = h('input', { type: 'checkbox', id: 'select-all' });
  const chosen = h('span', { class: 'summary' });
  const bulk = button({ class: 'button primary' }, () => void retrySelected(), 'Retry selected');
  const bar = h('div', { class: 'bulk' },
    h('label', { class: 'check', for: 'select-all' }, all, 'Select all shown'), chosen, bulk);
  const more = button({ class: 'button' }, () => void older(), 'Show older failures');
  const foot = h('div', { class: 'foot' }, more);
  const body = h('div', { class: 'body' }, skeleton(5));
  const element = h('div', { class: 'page' },
    heading('Failed', h('p', { class: 'summary' }, 'Each was refunded. A retry is a new job and charges its owner again.')), body);
  const rows = new KeyedList<Job>(failed.body, (job) => job.id, row);

  function row(job: Job): Keyed<Job> {
    const box = h('input', { type: 'checkbox', 'aria-label': `Select job ${shortId(job.id)}` });
    const action = cell('Action', 'cell-action');
    box.addEventListener('change', () => {
      if (box.checked) selected.add(job.id);
      else selected.delete(job.id);
      render();
    });
    const error = job.error;
    const retry = retryButton(job, (made) => {
      retriedAs.set(job.id, made.id);
      render();
      action.querySelector('a')?.focus();
    });
    const update = () => {
      const made = retriedAs.get(job.id);
      box.checked = selected.has(job.id);
      box.disabled = made !== undefined;
      if (!made) {
        if (retry.parentElement !== action) fill(action, retry);
      } else if (action.dataset.made !== made) {
        action.dataset.made = made;
        fill(action, h('a', { class: 'mono', href: formatRoute('jobs', { job: made }), title: made }, 'Retried'));
      }
    };
    const cells = h('tr', { role: 'row', 'data-job': job.id, 'data-status': 'failed' },
      cell('Select', 'cell-check', h('label', { class: 'check' }, box)),
      cell('Job', 'cell-job', jobLink(job.id), agoTime(job.finished_at ?? job.created_at)),
      cell('Reason', 'cell-reason', h('strong', null, words(error?.code ?? 'unknown')),
        h('span', null, error?.message ?? ''),
        error?.detail ? h('span', { class: 'hint detail' }, error.detail) : null),
      cell('Owner', 'cell-owner', h('span', { class: 'owner' }, job.owner), channelTag(job.channel)),
      action);
    update();
    return { element: cells, update };
  }

  function open(): readonly Job[] {
    return list.items().filter((job) => !retriedAs.has(job.id));
  }

  function render(): void {
    renderTimer = undefined;
    for (const job of list.items()) if (job.retry_of) retriedAs.set(job.retry_of, job.id);
    for (const id of selected) if (retriedAs.has(id) || !list.get(id)) selected.delete(id);
    const items = list.items();
    if (items.length === 0) {
      fill(body, emptyState('Nothing has failed', h('p', null, 'A failed job appears here with its reason.')));
      return;
    }
    if (failed.element.parentElement !== body) fill(body, bar, failed.element, foot);
    rows.render(items);
    all.checked = selected.size > 0 && selected.size === open().length;
    all.indeterminate = selected.size > 0 && !all.checked;
    setText(chosen, selected.size ? `${selected.size} selected` : '');
    bulk.disabled = selected.size === 0;
    more.hidden = list.cursor === null || list.full;
  }

  all.addEventListener('change', () => {
    selected.clear();
    if (all.checked) for (const job of open()) selected.add(job.id);
    render();
  });

  async function retrySelected(): Promise<void> {
    const jobs = open().filter((job) => selected.has(job.id));
    const credits = jobs.reduce((sum, job) => sum + job.credits, 0);
    const sure = await confirm(`Retry ${plural(jobs.length, 'job')}?`,
      [h('p', null, `Each becomes a new job. Together they charge their owners ${plural(credits, 'credit')}.`)],
      `Retry ${plural(jobs.length, 'job')}`);
    if (!sure) return;
    bulk.disabled = true;
    let made = 0;
    for (const job of jobs) {
      try {
        retriedAs.set(job.id, (await api.retry(job.id)).id);
        made += 1;
        if (abort.signal.aborted) return; // the reader has left: what is begun stays, the rest is not
        render();
      } catch (cause) {
        trouble(`Job ${shortId(job.id)} was not retried, and the rest was left alone`, cause);
        break;
      }
    }
    render();
    if (made) note(`${plural(made, 'job')} retried.`, { href: formatRoute('jobs'), text: 'Watch them' });
  }

  async function load(): Promise<void> {
    try {
      const page = await api.jobs({ status: 'failed' }, PAGE, null, abort.signal);
      list.replace(page.jobs, page.next_cursor);
      complete = true;
      render();
    } catch (cause) {
      if (abort.signal.aborted) return;
      complete = false;
      fill(body, problemBox('The failed jobs could not be read', cause, () => void load()));
    }
  }

  async function older(): Promise<void> {
    more.disabled = true;
    try {
      const page = await api.jobs({ status: 'failed' }, PAGE, list.cursor, abort.signal);
      list.append(page.jobs, page.next_cursor);
      render();
    } catch (cause) {
      if (!abort.signal.aborted) trouble('Older failures could not be read', cause);
    } finally {
      more.disabled = false;
    }
  }

  const unsubscribe = subscribe({
    job(job) {
      if (job.retry_of && retriedAs.size < 4 * MAX_JOBS) retriedAs.set(job.retry_of, job.id);
      const changed = list.take(job) || (job.retry_of && list.get(job.retry_of));
      if (changed && complete) renderTimer ??= setTimeout(render, RENDER_MS);
    },
    resume: () => void load(),
  });
  void load();

  return {
    element,
    close() {
      abort.abort();
      unsubscribe();
      clearTimeout(renderTimer);
    },
  };
}
