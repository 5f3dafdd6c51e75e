// What stands where data will be, is not, or could not be read.

import { ApiError } from '../api';
import { button, h, type Child } from '../dom';
import { copyable, copyButton } from './copy';

/** A problem document as people read it: what, where, what to do, and the id to quote. */
export function problemBox(doing: string, cause: unknown, again?: () => void): HTMLElement {
  const error = cause instanceof ApiError ? cause : null;
  const what = error?.message ?? (cause instanceof Error ? cause.message : 'Unknown error');
  const box = h(
    'div',
    { class: 'problem', role: 'alert' },
    h('h2', null, doing),
    h('p', null, what),
    error?.hint ? h('p', { class: 'hint' }, error.hint) : null,
    error && (error.code || error.status)
      ? h('p', { class: 'hint' }, [error.status ? `HTTP ${error.status}` : '', error.code].filter(Boolean).join(' · '))
      : null,
    error?.requestId
      ? h('p', { class: 'hint' }, 'Request ', copyable(error.requestId, 'the request id'))
      : null,
  );
  if (again) box.append(button({ class: 'button' }, again, 'Try again'));
  return box;
}

export function emptyState(title: string, ...body: Child[]): HTMLElement {
  return h(
    'div',
    { class: 'empty' },
    h('div', { class: 'swatch', 'aria-hidden': 'true' }),
    h('h2', null, title),
    ...body,
  );
}

export function command(text: string): HTMLElement {
  return h(
    'div',
    { class: 'command' },
    h('pre', { tabindex: '0', 'aria-label': 'Command' }, h('code', null, text)),
    copyButton(() => text, 'the command'),
  );
}

/** Grey lines in the shape of what is loading. */
export function skeleton(rows: number, kind = 'row'): HTMLElement {
  const box = h('div', { class: 'skeleton', role: 'status', 'aria-label': 'Loading' });
  for (let i = 0; i < rows; i += 1) box.append(h('div', { class: `skeleton-${kind}` }));
  return box;
}
