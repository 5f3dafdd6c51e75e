// Short notes about what the reader has just done. Good news leaves by itself; trouble stays until it is dismissed.

import { ApiError } from '../api';
import { button, h } from '../dom';
import { icon } from './icon';

const STAY_MS = 6_000;
const MAX_SHOWN = 3;
const region = h('div', { class: 'toasts' });

export function toasts(): HTMLElement {
  return region;
}

export function note(text: string, link?: { href: string; text: string }): void {
  const toast = show('note', 'status', text, link && h('a', { href: link.href }, link.text));
  setTimeout(() => toast.remove(), STAY_MS);
}

export function trouble(doing: string, cause: unknown): void {
  const error = cause instanceof ApiError ? cause : null;
  const what = error ? error.message : cause instanceof Error ? cause.message : 'Unknown error';
  show(
    'trouble',
    'alert',
    `${doing}: ${what}`,
    error?.hint ? h('span', { class: 'hint' }, error.hint) : null,
    error?.requestId ? h('span', { class: 'hint mono' }, `Request ${error.requestId}`) : null,
  );
}

function show(kind: string, role: string, text: string, ...more: (Node | null | undefined)[]): HTMLElement {
  const toast = h('div', { class: `toast ${kind}`, role }, h('p', null, text, ...more));
  toast.append(
    button({ class: 'bare', 'aria-label': 'Dismiss' }, () => toast.remove(), icon('close')),
  );
  region.append(toast);
  while (region.childElementCount > MAX_SHOWN) region.firstElementChild?.remove();
  return toast;
}
