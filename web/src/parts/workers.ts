// The processes that work, and when each was last heard of.

import { KeyedList, fill, h, setText, type Keyed } from '../dom';
import { count, shortId } from '../format';
import type { WorkerRow } from '../types';
import { emptyState } from './feedback';
import { cell, table } from './job-row';
import { agoTime, setAgo } from './time';

const COLUMNS = [
  ['cell-job', 'Worker'],
  ['cell-state', 'State'],
  ['cell-busy', 'Busy'],
  ['cell-number', 'Done'],
  ['cell-number', 'Failed'],
  ['cell-seen', 'Last seen'],
] as const;

function workerRow(first: WorkerRow): Keyed<WorkerRow> {
  const state = h('span', { class: 'worker-state' });
  const busy = h('span', { class: 'number' });
  const meter = h('span', { class: 'meter', 'aria-hidden': 'true' }, h('span'));
  const done = h('span', { class: 'number' });
  const failed = h('span', { class: 'number' });
  const seen = agoTime(first.seen_at);
  const element = h('tr', { role: 'row' },
    cell('Worker', 'cell-job', h('span', { class: 'mono', title: first.id }, shortId(first.id)),
      h('span', { class: 'hint' }, `${first.queue} · ${first.host} · pid ${first.pid} · ${first.version}`)),
    cell('State', 'cell-state', state),
    cell('Busy', 'cell-busy', busy, meter),
    cell('Done', 'cell-number', done),
    cell('Failed', 'cell-number', failed),
    cell('Last seen', 'cell-seen', seen));
  const update = (worker: WorkerRow) => {
    setText(state, worker.state);
    state.dataset.state = worker.state;
    setText(busy, `${worker.active} of ${worker.concurrency}`);
    meter.style.setProperty('--share', String(worker.concurrency ? worker.active / worker.concurrency : 0));
    setText(done, count(worker.done));
    setText(failed, count(worker.failed));
    setAgo(seen, worker.seen_at);
  };
  update(first);
  return { element, update };
}

export function workersTable() {
  const { element: grid, body } = table('Workers', COLUMNS, 'workers');
  const rows = new KeyedList<WorkerRow>(body, (worker) => worker.id, workerRow);
  const element = h('div');
  return {
    element,
    show(workers: readonly WorkerRow[]) {
      if (workers.length === 0) {
        fill(element, emptyState('No worker is running',
          h('p', null, 'Accepted jobs wait safely. Start one with ', h('code', null, 'selvage worker'), '.')));
        return;
      }
      if (grid.parentElement !== element) fill(element, grid);
      rows.render(workers);
    },
  };
}
