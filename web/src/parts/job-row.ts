// One job in the list: a table row on a wide window, a card on a narrow one (see styles/table.css). The roles are
// written out because the card layout would otherwise take the table's meaning away.

import { api } from '../api';
import { h, setText, type Keyed } from '../dom';
import { plural, shortId, words } from '../format';
import { currentRoute, formatRoute } from '../router';
import type { Job } from '../types';
import { Picture } from './picture';
import { progressBar } from './progress';
import { statusMark } from './status';
import { agoTime, setElapsed } from './time';

export function cell(label: string, name: string, ...children: (Node | string | null)[]): HTMLTableCellElement {
  const element = h('td', { role: 'cell', class: name, 'data-label': label });
  for (const child of children) if (child !== null) element.append(child);
  return element;
}

/** The link to a job's drawer on the page that is open. */
export function jobLink(id: string, name = shortId(id)): HTMLAnchorElement {
  const link = h('a', { class: 'mono job-link', title: id }, name);
  const point = () => {
    const { page, params } = currentRoute();
    link.href = formatRoute(page, { ...params, job: id });
  };
  point();
  link.addEventListener('pointerenter', point);
  link.addEventListener('focus', point);
  return link;
}

export function resultPicture(job: Job, lazy = true): Picture {
  const renew = () => api.job(job.id).then((fresh) => fresh.result_url);
  return new Picture(`Result of job ${shortId(job.id)}`, renew, lazy);
}

export function jobRow(first: Job, isNew: boolean): Keyed<Job> {
  const picture = resultPicture(first);
  const mark = statusMark(first.status);
  const reason = h('span', { class: 'hint reason' });
  const progress = progressBar();
  const waited = h('span', { class: 'number' });
  const took = h('span', { class: 'number' });
  const retry = first.retry_of ? h('span', { class: 'hint' }, `retry of ${shortId(first.retry_of)}`) : null;
  const element = h(
    'tr',
    { role: 'row', class: isNew ? 'arrived' : '', 'data-job': first.id },
    cell('Picture', 'cell-picture', picture.element),
    cell('Job', 'cell-job', jobLink(first.id), agoTime(first.created_at), retry),
    cell('Status', 'cell-status', mark.element, progress.element, reason),
    cell('Owner', 'cell-owner', h('span', { class: 'owner' }, first.owner), channelTag(first.channel)),
    cell('Waited', 'cell-waited', waited),
    cell('Took', 'cell-took', took),
    cell('Credits', 'cell-credits', h('span', { class: 'number' }, String(first.credits))),
  );
  let shown: Job | null = null;
  const update = (job: Job) => {
    if (job === shown) return;
    shown = job;
    element.dataset.status = job.status;
    mark.set(job.status);
    progress.set(job);
    picture.set(job.result_url);
    setText(reason, reasonOf(job));
    setElapsed(waited, job.status === 'queued' ? job.created_at : null, job.queue_ms);
    setElapsed(took, job.status === 'processing' ? job.started_at : null, job.processing_ms);
  };
  update(first);
  return { element, update };
}

function reasonOf(job: Job): string {
  if (job.error) return words(job.error.code);
  if (job.cancel_requested && job.status === 'processing') return 'asked to stop';
  return job.attempts > 1 ? plural(job.attempts, 'attempt') : '';
}

export function channelTag(channel: string): HTMLElement {
  const title = channel === 'b2b' ? 'A store pays' : channel === 'b2c' ? 'A user pays' : '';
  return h('span', { class: 'tag', title }, channel);
}

const UNSEEN = new Set(['Picture', 'Select', 'Action']); // headings that only screen readers need

/** A table with its header row; `columns` are [class, heading]. */
export function table(caption: string, columns: readonly (readonly [string, string])[], name: string) {
  const body = h('tbody', { role: 'rowgroup' });
  const head = h(
    'tr',
    { role: 'row' },
    ...columns.map(([column, text]) =>
      h('th', { role: 'columnheader', scope: 'col', class: column },
        UNSEEN.has(text) ? h('span', { class: 'unseen' }, text) : text),
    ),
  );
  const element = h(
    'table',
    { role: 'table', class: `table ${name}` },
    h('caption', { class: 'unseen' }, caption),
    h('thead', { role: 'rowgroup' }, head),
    body,
  );
  return { element, body, head };
}
