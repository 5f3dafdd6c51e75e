// Sign-in by one-time code: typed, or from a link, which signs in by itself.

import { api, ApiError } from '../api';
import { fill, h } from '../dom';
import { command, problemBox } from '../parts/feedback';

export function signInPage(first: { code: string | null; reason: string }, onSignedIn: () => void): HTMLElement {
  const code = h('input', { id: 'code', required: true, autocomplete: 'one-time-code', spellcheck: 'false',
    autocapitalize: 'none', maxlength: '200', 'aria-describedby': 'code-hint' });
  const submit = h('button', { class: 'button primary', type: 'submit' }, 'Sign in');
  const answer = h('div');
  const form = h('form', { class: 'sign-in-form' },
    h('h1', { tabindex: '-1' }, 'Sign in to the console'),
    first.reason ? h('p', { class: 'reason', role: 'status' }, first.reason) : null,
    h('div', { class: 'field' }, h('label', { for: 'code' }, 'One-time code'), code),
    submit, answer,
    h('div', { id: 'code-hint', class: 'hint' },
      h('p', null, 'The first start prints a sign-in link. For a new one, run this where Selvage runs:'),
      command('selvage console-login')));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void signIn(code.value.trim());
  });

  async function signIn(value: string): Promise<void> {
    submit.disabled = true;
    submit.textContent = 'Signing in…';
    fill(answer);
    try {
      await api.login(value);
      onSignedIn();
    } catch (cause) {
      const wrong = cause instanceof ApiError && cause.status === 401;
      fill(answer, problemBox(wrong ? 'This code does not work: it may have been used or replaced' : 'Sign-in did not work', cause));
      submit.disabled = false;
      submit.textContent = 'Sign in';
      code.select();
    }
  }

  if (first.code) {
    code.value = first.code;
    void signIn(first.code);
  }
  queueMicrotask(() => code.focus());
  return h('main', { id: 'main', class: 'sign-in' },
    h('div', { class: 'sign-in-cloth' }, h('p', { class: 'wordmark' }, 'Selvage'), form));
}
