// A size with its reasons: how probable each size is, the measurements, the body's shape, and what made it unsure.

import { h } from '../dom';
import { words } from '../format';
import { MEASURES, type Measure, type SizeAnswer } from '../types';

const LEAST_SHOWN = 0.005; // sizes less probable than that are left out

export function percent(share: number): string {
  const value = share * 100;
  if (value > 0 && value < 1) return '<1 %';
  return `${Math.round(value)} %`;
}

export function inWords(confidence: number): string {
  if (confidence >= 0.8) return 'sure';
  if (confidence >= 0.6) return 'fairly sure';
  if (confidence >= 0.45) return 'unsure: look at the neighbouring sizes';
  return 'a guess: look at the neighbouring sizes';
}

/** The sentence that says which measure decided, and what stands against it. */
export function reason(answer: SizeAnswer): string {
  const { measure, name } = answer.chart;
  const decisive = answer.measurements[measure];
  const { smaller, larger } = answer.neighbours;
  const next = [smaller, larger].filter((one) => one !== null).sort((a, b) => b.probability - a.probability)[0];
  const first = `The ${measure} decides in the chart ${name}: ${decisive.cm.toFixed(1)} cm, give or take ${decisive.uncertainty_cm.toFixed(1)}.`;
  const second = next && next.probability >= LEAST_SHOWN
    ? ` ${answer.recommended_size} is the most probable (${percent(answer.confidence)}), then ${next.size} (${percent(next.probability)}).`
    : '';
  const fit = answer.fit === 'regular' ? '' : ` The wish for a ${answer.fit} fit is in this.`;
  return first + second + fit;
}

/** `onMark` hears which measure the reader points at. */
export function sizeAnswer(answer: SizeAnswer, onMark: (measure: Measure | null) => void): HTMLElement {
  const shown = answer.sizes.filter((one) => one.probability >= LEAST_SHOWN || one.size === answer.recommended_size);
  const sizes = h('ul', { class: 'size-options', 'aria-label': 'How probable each size is' }, ...shown.map((one) =>
    h('li', { 'data-best': one.size === answer.recommended_size },
      h('span', { class: 'size-name' }, one.size),
      h('meter', { min: 0, max: 1, value: one.probability, 'aria-hidden': 'true' }),
      h('span', { class: 'number' }, percent(one.probability)))));
  const rows = MEASURES.map((measure) => {
    const { cm, uncertainty_cm: sd } = answer.measurements[measure];
    const row = h('tr', { 'data-measure': measure },
      h('th', { scope: 'row' }, words(measure)), h('td', { class: 'number' }, cm.toFixed(1)),
      h('td', { class: 'number' }, `± ${sd.toFixed(1)}`));
    row.addEventListener('pointerenter', () => onMark(measure));
    row.addEventListener('pointerleave', () => onMark(null));
    return row;
  });
  return h('section', { class: 'size-answer', 'aria-labelledby': 'size-title' },
    h('h2', { id: 'size-title', tabindex: '-1' }, 'Size ', h('strong', { class: 'size-letter' }, answer.recommended_size)),
    h('p', { class: 'size-sure' }, `${percent(answer.confidence)}, ${inWords(answer.confidence)}`),
    sizes,
    h('h3', null, 'Why'),
    h('p', null, reason(answer)),
    answer.warnings.length
      ? h('ul', { class: 'size-warnings' }, ...answer.warnings.map((one) => h('li', null, `${upper(one.message)}.`)))
      : null,
    h('h3', null, 'Measurements'),
    h('table', { class: 'size-measures' },
      h('thead', null, h('tr', null, h('th', { scope: 'col' }, 'Measure'), h('th', { scope: 'col', class: 'number' }, 'cm'),
        h('th', { scope: 'col', class: 'number' }, '± cm'))),
      h('tbody', null, ...rows)),
    h('p', { class: 'hint' }, `Two of three bodies lie within ±. Body type: ${words(answer.body_type).toLowerCase()}.`));
}

function upper(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
