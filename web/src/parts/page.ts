// What the shell asks of a page, and what all pages have: a heading, and reading again every few seconds.

import { h, type Child } from '../dom';

export interface Page {
  element: HTMLElement;
  /** The address changed within the page. */
  route?: (params: Readonly<Record<string, string>>) => void;
  /** Ends subscriptions, timers and requests. */
  close: () => void;
}

export function heading(title: string, ...aside: Child[]): HTMLElement {
  return h('header', { class: 'heading' }, h('h1', { tabindex: '-1' }, title), ...aside);
}

/**
 * Calls `read` now and again `everyMs` after each answer, not while the tab is hidden. Returns what stops it; that
 * aborts a request on its way.
 */
export function repeat(everyMs: number, read: (signal: AbortSignal) => Promise<void>): () => void {
  const abort = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const turn = async () => {
    if (!document.hidden) await read(abort.signal).catch(() => {});
    if (!abort.signal.aborted) timer = setTimeout(() => void turn(), everyMs);
  };
  void turn();
  return () => {
    clearTimeout(timer);
    abort.abort();
  };
}
