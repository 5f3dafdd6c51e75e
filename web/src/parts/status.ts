// A status as a word and a seam: dots are marked out, running stitches are being sewn, a closed seam is done, a torn one
// failed. The shape tells them apart without colour.

import { h, svg } from '../dom';
import type { Status } from '../types';
import { words } from '../format';

const line = (x1: number, x2: number, extra: Record<string, string | number> = {}) =>
  ['line', { x1, y1: 5, x2, y2: 5, ...extra }] as [string, Record<string, string | number>];
const stroke = (d: string) => ['path', { d }] as [string, Record<string, string | number>];

const SEAMS: Record<Status, () => SVGSVGElement> = {
  queued: () => svg(26, 10, line(3, 24, { 'stroke-dasharray': '0.1 5' })),
  processing: () => svg(26, 10, line(1.5, 25, { 'stroke-dasharray': '4.5 3.5', class: 'running' })),
  completed: () => svg(26, 10, line(2, 20), ['circle', { cx: 22.5, cy: 5, r: 2.2 }]),
  failed: () => svg(26, 10, line(2, 8), line(21, 24), stroke('m11.5 2 6 6m0-6-6 6')),
};

export interface StatusMark {
  element: HTMLElement;
  set: (status: Status) => void;
}

export function statusMark(status: Status): StatusMark {
  const element = h('span', { class: 'status' });
  let shown: Status | null = null;
  const set = (next: Status) => {
    if (next === shown) return;
    shown = next;
    element.dataset.status = next;
    element.replaceChildren(SEAMS[next]?.() ?? '', h('span', null, words(next)));
  };
  set(status);
  return { element, set };
}
