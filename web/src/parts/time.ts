// Times that stay true while they are looked at: one timer rewrites them all.

import { h, setText } from '../dom';
import { ago, duration, moment } from '../format';

/** "12 s ago", with the exact moment as its tooltip. */
export function agoTime(iso: string | null): HTMLTimeElement {
  const element = h('time');
  setAgo(element, iso);
  return element;
}

export function setAgo(element: HTMLTimeElement, iso: string | null): void {
  if (element.dateTime === (iso ?? '') && element.textContent) return;
  element.dateTime = iso ?? '';
  element.dataset.ago = '';
  element.title = moment(iso);
  setText(element, ago(iso));
}

/** A duration that is still running since `iso`, or one that is known. */
export function setElapsed(element: HTMLElement, since: string | null, known: number | null): void {
  if (known === null && since) {
    element.dataset.since = since;
    setText(element, duration(Date.now() - Date.parse(since)));
  } else {
    delete element.dataset.since;
    setText(element, duration(known));
  }
}

setInterval(() => {
  if (document.hidden) return;
  const now = Date.now();
  for (const element of document.querySelectorAll<HTMLTimeElement>('time[data-ago]')) {
    setText(element, ago(element.dateTime, now));
  }
  for (const element of document.querySelectorAll<HTMLElement>('[data-since]')) {
    const ms = now - Date.parse(element.dataset.since ?? '');
    setText(element, duration(ms < 1_000 ? ms : Math.floor(ms / 1_000) * 1_000));
  }
}, 1_000);
