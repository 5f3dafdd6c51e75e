// A text with a button that copies it.

import { h } from '../dom';
import { icon } from './icon';
import { say } from './announce';

const SHOWN_MS = 1_600;

export function copyButton(text: () => string, what: string): HTMLButtonElement {
  const button = h('button', { class: 'bare copy', type: 'button', 'aria-label': `Copy ${what}` }, icon('copy'));
  button.title = `Copy ${what}`;
  button.addEventListener('click', () => {
    void copy(text(), button).then((done) => {
      button.replaceChildren(icon(done ? 'check' : 'close'));
      say(done ? `Copied ${what}.` : `The browser did not allow copying ${what}.`);
      setTimeout(() => button.replaceChildren(icon('copy')), SHOWN_MS);
    });
  });
  return button;
}

export function copyable(text: string, what: string): HTMLElement {
  return h('span', { class: 'copyable' }, h('span', { class: 'mono' }, text), copyButton(() => text, what));
}

// The clipboard interface exists on secure origins only; over plain HTTP to another host the selection is copied. The
// field stands beside the button because nothing outside an open dialog can take focus.
async function copy(text: string, near: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = h('textarea', { class: 'unseen', 'aria-hidden': 'true', tabindex: '-1' });
    field.value = text;
    near.after(field);
    field.select();
    const done = document.execCommand('copy');
    field.remove();
    near.focus();
    return done;
  }
}
