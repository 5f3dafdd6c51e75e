// The drawer with everything about one job. It is a modal dialog, so the platform keeps focus inside and gives it back.

import { api, ApiError } from '../api';
import { fill, h, button, type Child } from '../dom';
import { clock, duration, moment, plural, words } from '../format';
import { subscribe } from '../live';
import { formatRoute } from '../router';
import type { Job } from '../types';
import { announcer, say } from './announce';
import { confirm } from './confirm';
import { copyable } from './copy';
import { problemBox, skeleton } from './feedback';
import { channelTag, jobLink, resultPicture } from './job-row';
import { icon } from './icon';
import { Picture, ownAddress } from './picture';
import { progressBar, stageWords } from './progress';
import { statusMark } from './status';
import { agoTime } from './time';
import { note, toasts, trouble } from './toast';

export interface Drawer {
  jobId: string;
  close: () => void;
}

/** `onClosed` runs once, however it was closed. */
export function openDrawer(jobId: string, onClosed: () => void): Drawer {
  const abort = new AbortController();
  const content = h('div', { class: 'drawer-content' }, skeleton(5));
  const dialog = h(
    'dialog',
    { class: 'drawer', 'aria-label': 'Job' },
    button({ class: 'bare close', 'aria-label': 'Close' }, () => dialog.close(), icon('close', 18)),
    content,
  );
  const shots = new Pictures();
  let shown: Job | null = null;

  function show(job: Job): void {
    if (abort.signal.aborted) return;
    const changed = shown && shown.status !== job.status;
    // An event may leave out what only a direct read tells.
    const full: Job = { ...job, ...(job.inputs ?? shown?.inputs ? { inputs: job.inputs ?? shown?.inputs ?? [] } : {}) };
    if (full.status === 'queued' && full.queue_position === undefined && shown?.queue_position) full.queue_position = shown.queue_position;
    shown = full;
    const focused = content.contains(document.activeElement) ? document.activeElement : null;
    fill(content, ...details(full, shots.show(full)));
    // Progress moves while somebody reads: the control that had focus keeps it, if it is still there.
    const label = focused?.getAttribute('aria-label');
    const same = label ? content.querySelector<HTMLElement>(`[aria-label="${CSS.escape(label)}"]:enabled`) : null;
    if (focused) (same ?? dialog.querySelector<HTMLElement>('.close'))?.focus();
    if (changed) say(`This job is now ${job.status}.`);
  }

  async function read(): Promise<void> {
    try {
      show(await api.job(jobId, abort.signal));
    } catch (cause) {
      if (abort.signal.aborted) return;
      const gone = cause instanceof ApiError && cause.status === 404;
      fill(content, problemBox(gone ? 'There is no such job' : 'The job could not be read', cause,
        gone ? undefined : () => void read()));
    }
  }

  const unsubscribe = subscribe({
    job: (job) => {
      if (job.id === jobId) show(job);
    },
    resume: () => void read(),
  });
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close(); // the backdrop
  });
  dialog.addEventListener('close', () => {
    unsubscribe();
    abort.abort();
    document.body.append(toasts(), announcer());
    dialog.remove();
    onClosed();
  });
  document.body.append(dialog);
  dialog.showModal();
  dialog.append(toasts(), announcer()); // what is outside a modal dialog is neither seen nor spoken
  void read();
  return { jobId, close: () => dialog.open && dialog.close() };
}

function details(job: Job, pictures: HTMLElement): Child[] {
  return [
    h('header', { class: 'drawer-head' },
      statusMark(job.status).element,
      h('h2', null, copyable(job.id, 'the job id')),
      h('p', { class: 'hint' }, h('span', { class: 'owner' }, job.owner), ' ', channelTag(job.channel), ' ',
        agoTime(job.created_at))),
    job.error ? failure(job) : null,
    isOpen(job) ? underWay(job) : null,
    pictures,
    h('section', null, h('h3', null, 'What happened'), history(job)),
    h('section', null, h('h3', null, 'Particulars'), facts(job)),
  ];
}

function isOpen(job: Job): boolean {
  return job.status === 'queued' || job.status === 'processing';
}

// How far an open job is, and the way to stop it.
function underWay(job: Job): HTMLElement {
  const bar = progressBar('Progress of this job');
  bar.set(job);
  const place = job.queue_position ? `Number ${job.queue_position} in the line` : 'Waiting in the line';
  return h('section', { class: 'under-way' },
    bar.element,
    h('p', { class: 'hint' }, job.status === 'queued' ? place : stageWords(job)),
    cancelButton(job));
}

function cancelButton(job: Job): HTMLButtonElement {
  const cancel = button({ class: 'button', 'aria-label': `Cancel job ${job.id}` }, () => void run(), icon('close'), 'Cancel');
  cancel.disabled = job.cancel_requested;
  async function run(): Promise<void> {
    const sure = await confirm('Cancel this job?', [
      h('p', null, job.status === 'queued'
        ? `It fails at once, and its owner has ${plural(job.credits, 'credit')} back.`
        : 'It stops before the picture is begun, and its credits go back. A picture that is being made already is finished and paid for.'),
    ], 'Cancel the job', 'Keep it');
    if (!sure) return;
    cancel.disabled = true;
    try {
      const answer = await api.cancel(job.id);
      note(answer.status === 'failed' ? 'Cancelled; the credits are back.' : 'The job is asked to stop.');
    } catch (cause) {
      cancel.disabled = false;
      trouble('The job was not cancelled', cause);
    }
  }
  return cancel;
}

function failure(job: Job): HTMLElement {
  const error = job.error!;
  return h('section', { class: 'failure' },
    h('p', { class: 'failure-code' }, words(error.code), ' ', h('code', null, error.code)),
    h('p', null, error.message),
    error.detail ? h('p', { class: 'detail mono' }, error.detail) : null,
    retryButton(job));
}

/** Makes a new job of a failed one. */
export function retryButton(job: Job, onRetried?: (made: Job) => void): HTMLButtonElement {
  const retry = button({ class: 'button', 'aria-label': `Retry job ${job.id}` }, () => void run(), icon('retry'), 'Retry');
  async function run(): Promise<void> {
    retry.disabled = true;
    try {
      const made = await api.retry(job.id);
      note('Retried as a new job.', { href: formatRoute('jobs', { job: made.id }), text: 'Open it' });
      onRetried?.(made);
    } catch (cause) {
      retry.disabled = false;
      trouble('The job was not retried', cause);
    }
  }
  return retry;
}

// Uploads are deleted once there is a result; what remains of them is what this drawer has loaded before.
function isDeleted(job: Job, url: string): boolean {
  return job.status === 'completed' && /\/inputs\//.test(url.split('?', 1)[0] ?? '') && ownAddress(url) !== null;
}

// Inputs and result side by side. They outlive a change of the job: an upload that has been loaded stays in sight, even
// when the server lets go of it because the job is completed.
class Pictures {
  private readonly inputs: Picture[] = [];
  private result: Picture | null = null;

  show(job: Job): HTMLElement {
    const urls = job.inputs ?? [];
    const figures = urls.map((url, index) => {
      const name = index === 0 ? 'Person' : urls.length > 2 ? `Garment ${index}` : 'Garment';
      const picture = (this.inputs[index] ??= new Picture(name, undefined, false, 'No longer kept'));
      if (isDeleted(job, url)) picture.gone('Deleted after use');
      else picture.set(url);
      return h('figure', null, picture.element, h('figcaption', null, name));
    });
    this.result ??= resultPicture(job, false);
    this.result.set(job.result_url);
    const address = job.result_url ? ownAddress(job.result_url) : null;
    const none = { queued: 'Result to come', processing: 'Result to come', completed: 'Result', failed: 'No result' };
    const caption = address
      ? h('a', { href: address, target: '_blank', rel: 'noopener' }, 'Result', icon('link', 13))
      : none[job.status];
    return h('section', { class: 'pictures', 'aria-label': 'Pictures' }, ...figures,
      h('figure', { class: 'result', 'data-status': job.status }, this.result.element, h('figcaption', null, caption)));
  }
}

function history(job: Job): HTMLElement {
  const step = (state: string, name: string, at: string | null, after: string) =>
    h('li', { 'data-state': state },
      h('span', { class: 'step' }, name),
      at ? h('time', { datetime: at, title: moment(at), class: 'number' }, clock(at)) : null,
      after ? h('span', { class: 'hint' }, after) : null);
  const open = job.finished_at === null;
  const since = (ms: number | null, what: string) => (ms === null ? '' : `${what} ${duration(ms)}`);
  const attempts = job.attempts > 1 ? ` · ${plural(job.attempts, 'attempt')}` : '';
  const waiting = open ? step('ahead', 'Finish', null, 'to come') : null;
  return h('ol', { class: 'history' },
    step('done', 'Accepted and charged', job.created_at, plural(job.credits, 'credit')),
    job.started_at
      ? step(open ? 'now' : 'done', 'Processing began', job.started_at, since(job.queue_ms, 'after') + attempts)
      : step(open ? 'now' : 'skipped', open ? 'Waiting for a worker' : 'Never began', null, ''),
    waiting ?? (job.status === 'failed'
      ? step('failed', 'Failed and refunded', job.finished_at, since(job.processing_ms, 'after'))
      : step('done', 'Completed', job.finished_at, since(job.processing_ms, 'after'))));
}

function facts(job: Job): HTMLElement {
  const rows: [string, Child][] = [
    ['Request id', copyable(job.request_id, 'the request id')],
    ['Task id', copyable(job.task_id, 'the task id')],
    ['Provider', job.provider ?? '–'],
    ['Attempts', String(job.attempts)],
    ['Retry of', job.retry_of ? jobLink(job.retry_of) : null],
  ];
  return h('dl', { class: 'facts' },
    ...rows.filter(([, value]) => value !== null)
      .flatMap(([name, value]) => [h('dt', null, name), h('dd', null, value)]));
}
