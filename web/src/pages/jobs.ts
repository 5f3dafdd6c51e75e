// Jobs: what is happening now, newest first, with the pictures that came out.

import { api } from '../api';
import { KeyedList, button, fill, h, setText } from '../dom';
import { count, plural, words } from '../format';
import { JobList, MAX_JOBS } from '../job-list';
import { subscribe } from '../live';
import { command, emptyState, problemBox, skeleton } from '../parts/feedback';
import { jobRow, table } from '../parts/job-row';
import { heading, type Page } from '../parts/page';
import { setParams } from '../router';
import { CHANNELS, STATUSES, type Counts, type Job, type JobFilter } from '../types';

const PAGE = 50;
const MAX_PAGE = 200; // the API's own limit
const RENDER_MS = 150; // a burst of events becomes one change of the page
const TYPING_MS = 350;

const COLUMNS = [
  ['cell-picture', 'Picture'],
  ['cell-job', 'Job'],
  ['cell-status', 'Status'],
  ['cell-owner', 'Owner'],
  ['cell-waited', 'Waited'],
  ['cell-took', 'Took'],
  ['cell-credits', 'Credits'],
] as const;

function filterOf(params: Readonly<Record<string, string>>): JobFilter {
  return {
    status: STATUSES.find((status) => status === params.status),
    channel: CHANNELS.find((channel) => channel === params.channel),
    owner: params.owner || undefined,
  };
}

export function jobsPage(params: Readonly<Record<string, string>>): Page {
  let filter = filterOf(params);
  let list = new JobList(filter);
  let loading: AbortController | null = null;
  let complete = false; // the first page is there: until then, what arrives live would look like all there is
  let early: Job[] = []; // announced while the first page was on its way
  let known = new Set<string>(); // ids that came with a page: only the others arrive with a highlight
  let renderTimer: ReturnType<typeof setTimeout> | undefined;

  const filters = filterBar(filter);
  const summary = h('p', { class: 'summary' });
  const jobs = table('Jobs, newest first', COLUMNS, 'jobs');
  const rows = new KeyedList<Job>(jobs.body, (job) => job.id, (job) => jobRow(job, !known.has(job.id)));
  const more = button({ class: 'button' }, () => void older(), 'Show older jobs');
  const foot = h('div', { class: 'foot' }, more);
  const body = h('div', { class: 'body' });
  const element = h('div', { class: 'page' }, heading('Jobs', summary), filters.element, body);

  function render(): void {
    renderTimer = undefined;
    const items = list.items();
    if (items.length === 0) {
      fill(body, nothing(filter));
    } else {
      if (jobs.element.parentElement !== body) fill(body, jobs.element, foot);
      rows.render(items);
    }
    more.hidden = list.cursor === null || list.full;
    const capped = list.full ? ` The newest ${MAX_JOBS} are kept here; filter to see others.` : '';
    setText(summary, items.length === 0 ? '' : `${plural(items.length, 'job')} shown.${capped}`);
  }

  function renderSoon(): void {
    if (complete) renderTimer ??= setTimeout(render, RENDER_MS);
  }

  function hold(): void {
    complete = false;
    clearTimeout(renderTimer);
    renderTimer = undefined;
  }

  async function load(limit = PAGE, quiet = false): Promise<void> {
    loading?.abort();
    const mine = (loading = new AbortController());
    early = [];
    if (!quiet) {
      hold();
      fill(body, skeleton(6));
    }
    try {
      const page = await api.jobs(filter, limit, null, mine.signal);
      known = new Set(page.jobs.map((job) => job.id));
      list.replace(page.jobs, page.next_cursor);
      for (const job of early) list.take(job);
      complete = true;
      render();
    } catch (cause) {
      if (mine.signal.aborted) return;
      hold();
      fill(body, problemBox('The jobs could not be read', cause, () => void load()));
    } finally {
      if (loading === mine) loading = null;
    }
  }

  async function older(): Promise<void> {
    const into = list;
    more.disabled = true;
    try {
      const page = await api.jobs(filter, PAGE, into.cursor);
      if (into !== list) return;
      for (const job of page.jobs) known.add(job.id);
      into.append(page.jobs, page.next_cursor);
      render();
      setText(more, 'Show older jobs');
    } catch (cause) {
      setText(more, `Could not read older jobs (${(cause as Error).message}). Try again`);
    } finally {
      more.disabled = false;
    }
  }

  const unsubscribe = subscribe({
    job(job) {
      if (loading && early.length < MAX_JOBS) early.push(job);
      if (list.take(job)) renderSoon();
    },
    queues: ({ counts }) => filters.counts(counts),
    resume: () => void load(Math.min(MAX_PAGE, Math.max(PAGE, list.items().length)), true),
  });
  void load();

  return {
    element,
    route(next) {
      const wanted = filterOf(next);
      filters.show(wanted);
      if (JSON.stringify(wanted) === JSON.stringify(filter)) return;
      filter = wanted;
      list = new JobList(filter);
      void load();
    },
    close() {
      unsubscribe();
      loading?.abort();
      clearTimeout(renderTimer);
    },
  };
}

function filterBar(first: JobFilter) {
  const numbers = new Map<string, HTMLElement>();
  const chips = ([undefined, ...STATUSES] as const).map((status) => {
    const number = h('span', { class: 'number' });
    numbers.set(status ?? 'all', number);
    const chip = button({ class: 'chip', 'data-status': status ?? 'all' }, () => setParams({ status }),
      status ? words(status) : 'All', number);
    return { status, chip };
  });
  const channel = h('select', { id: 'filter-channel' }, h('option', { value: '' }, 'Both channels'),
    ...CHANNELS.map((name) => h('option', { value: name }, name)));
  const owner = h('input', { id: 'filter-owner', type: 'search', placeholder: 'Any owner',
    autocomplete: 'off', spellcheck: 'false', maxlength: '128' });
  let typing: ReturnType<typeof setTimeout> | undefined;
  channel.addEventListener('change', () => setParams({ channel: channel.value }));
  owner.addEventListener('input', () => {
    clearTimeout(typing);
    typing = setTimeout(() => setParams({ owner: owner.value.trim() }, true), TYPING_MS);
  });
  const show = (filter: JobFilter) => {
    for (const { status, chip } of chips) chip.setAttribute('aria-pressed', String(status === filter.status));
    channel.value = filter.channel ?? '';
    if (document.activeElement !== owner) owner.value = filter.owner ?? '';
  };
  show(first);
  return {
    element: h(
      'div',
      { class: 'filters', role: 'search', 'aria-label': 'Filter the jobs' },
      h('div', { class: 'chips', role: 'group', 'aria-label': 'Status' }, ...chips.map(({ chip }) => chip)),
      h('div', { class: 'fields' },
        h('label', { class: 'unseen', for: 'filter-channel' }, 'Channel'), channel,
        h('label', { class: 'unseen', for: 'filter-owner' }, 'Owner'), owner),
    ),
    show,
    counts(counts: Counts) {
      let all = 0;
      for (const status of STATUSES) {
        all += counts[status];
        setText(numbers.get(status)!, count(counts[status]));
      }
      setText(numbers.get('all')!, count(all));
    },
  };
}

function nothing(filter: JobFilter): HTMLElement {
  if (filter.status || filter.channel || filter.owner) {
    return emptyState(
      'No job matches these filters',
      h('p', null, 'New jobs that match appear here by themselves.'),
      button({ class: 'button' },
        () => setParams({ status: undefined, channel: undefined, owner: undefined }), 'Clear the filters'),
    );
  }
  return emptyState(
    'No jobs yet',
    h('p', null, 'Submit the first one with an API key. It appears here at once.'),
    command(
      `curl ${location.origin}/v1/jobs \\\n  -H "Authorization: Bearer $SELVAGE_KEY" \\\n` +
        `  -F person=@person.jpg \\\n  -F garment=@garment.jpg`,
    ),
    h('p', { class: 'hint' }, 'selvage keys --help shows how to make a key; the Credits page gives its owner credits.'),
  );
}
