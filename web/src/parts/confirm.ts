// A question that needs a yes. The platform's dialog keeps focus inside, closes on Escape and gives focus back.

import { button, h, type Child } from '../dom';

export function confirm(title: string, body: Child[], yes: string, no = 'Cancel'): Promise<boolean> {
  let answer = false;
  const accept = button({ class: 'button primary' }, () => {
    answer = true;
    dialog.close();
  }, yes);
  const cancel = button({ class: 'button', autofocus: true }, () => dialog.close(), no);
  const dialog = h(
    'dialog',
    { class: 'confirm', 'aria-labelledby': 'confirm-title' },
    h('h2', { id: 'confirm-title' }, title),
    h('div', null, ...body),
    h('div', { class: 'actions' }, cancel, accept),
  );
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(answer);
    });
    dialog.showModal();
  });
}
