// Dead letters: tasks the queue gave up on, with why and what was in them.

import { api } from '../api';
import { KeyedList, button, fill, h, setText, type Keyed } from '../dom';
import { plural, pretty } from '../format';
import { copyable } from '../parts/copy';
import { emptyState, problemBox, skeleton } from '../parts/feedback';
import { icon } from '../parts/icon';
import { heading, repeat, type Page } from '../parts/page';
import { agoTime } from '../parts/time';
import { note, trouble } from '../parts/toast';
import type { DeadTask } from '../types';

const EVERY_MS = 10_000;
const LIMIT = 100;

export function deadPage(): Page {
  const revived = new Map<string, number>(); // when: an answer that was on its way before still holds the task
  const letters = h('ol', { class: 'letters' });
  const body = h('div', { class: 'body' }, skeleton(3, 'block'));
  const problem = h('div');
  const summary = h('p', { class: 'summary' });
  const list = new KeyedList<DeadTask>(letters, (task) => task.id, letter);
  let tasks: DeadTask[] = [];

  function show(): void {
    const shown = tasks.filter((task) => !revived.has(task.id));
    if (shown.length === 0) {
      fill(body, emptyState('No dead letters',
        h('p', null, 'A task comes here when it fails for good or has crashed its worker too often.')));
    } else {
      if (letters.parentElement !== body) fill(body, letters);
      list.render(shown);
    }
    const capped = tasks.length >= LIMIT ? ' shown; there may be more' : '';
    setText(summary, shown.length ? `${plural(shown.length, 'task')}${capped}` : '');
  }

  function letter(task: DeadTask): Keyed<DeadTask> {
    const revive = button({ class: 'button', 'aria-label': `Revive task ${task.id}` }, () => void run(),
      icon('retry'), 'Revive');
    async function run(): Promise<void> {
      revive.disabled = true;
      try {
        await api.revive(task.id, task.queue);
        revived.set(task.id, performance.now());
        note('Revived: the task is ready again, its counters at zero.');
        show();
        (letters.querySelector<HTMLElement>('button.button') ?? document.querySelector<HTMLElement>('h1'))?.focus();
      } catch (cause) {
        revive.disabled = false;
        trouble('The task was not revived', cause);
      }
    }
    const element = h('li', { class: 'letter', 'data-task': task.id },
      h('div', { class: 'letter-head' },
        h('div', null,
          h('p', { class: 'letter-reason' }, task.reason || 'No reason was recorded'),
          h('p', { class: 'hint' }, copyable(task.id, 'the task id'), ' · ', h('span', { class: 'mono' }, task.queue),
            ` · ${plural(task.deliveries, 'delivery', 'deliveries')} · ${plural(task.retries, 'retry', 'retries')} · queued `,
            agoTime(task.enqueued_at))),
        revive),
      h('details', null, h('summary', null, 'Payload'),
        h('pre', { tabindex: '0', 'aria-label': 'Payload' }, h('code', null, pretty(task.payload)))));
    return { element, update: () => {} };
  }

  const stop = repeat(EVERY_MS, async (signal) => {
    const asked = performance.now();
    try {
      tasks = (await api.dead(LIMIT, signal)).tasks;
      for (const [id, at] of revived) if (at < asked) revived.delete(id); // dead again, if it is there
      fill(problem);
      show();
    } catch (cause) {
      if (!signal.aborted) fill(problem, problemBox('The dead letters could not be read', cause));
    }
  });
  return { element: h('div', { class: 'page' }, heading('Dead letters', summary), problem, body), close: stop };
}
