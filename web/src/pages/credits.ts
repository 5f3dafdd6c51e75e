// Credits by owner, and granting more.

import { api } from '../api';
import { KeyedList, fill, h, setText, type Keyed } from '../dom';
import { count, plural } from '../format';
import { emptyState, problemBox, skeleton } from '../parts/feedback';
import { cell, channelTag, table } from '../parts/job-row';
import { heading, repeat, type Page } from '../parts/page';
import { note, trouble } from '../parts/toast';
import { CHANNELS, type Balance, type Channel } from '../types';

const EVERY_MS = 10_000;
const MAX_SHOWN = 200; // the API's own limit
const MAX_GRANT = 1_000_000;
const COLUMNS = [
  ['cell-owner', 'Owner'],
  ['cell-number cell-balance', 'Balance'],
  ['cell-number', 'Granted'],
  ['cell-number', 'Charged'],
  ['cell-number', 'Refunded'],
] as const;

const key = (balance: Balance) => `${balance.channel}/${balance.owner}`;

function balanceRow(first: Balance): Keyed<Balance> {
  const numbers = Array.from({ length: 4 }, () => h('span', { class: 'number' }));
  const off = h('span', { class: 'badge bad', hidden: true }, 'Does not add up');
  const element = h('tr', { role: 'row', 'data-owner': key(first) },
    cell('Owner', 'cell-owner', h('span', { class: 'owner' }, first.owner), channelTag(first.channel), off),
    cell('Balance', 'cell-number cell-balance', numbers[0]!),
    cell('Granted', 'cell-number', numbers[1]!),
    cell('Charged', 'cell-number', numbers[2]!),
    cell('Refunded', 'cell-number', numbers[3]!));
  const update = (now: Balance) => {
    [now.balance, now.granted, now.charged, now.refunded].forEach((value, i) => setText(numbers[i]!, count(value)));
    off.hidden = now.granted - now.charged + now.refunded === now.balance;
    element.dataset.low = String(now.balance <= 0);
  };
  update(first);
  return { element, update };
}

export function creditsPage(): Page {
  const grid = table('Credits by owner', COLUMNS, 'credits');
  const rows = new KeyedList<Balance>(grid.body, key, balanceRow);
  const body = h('div', { class: 'body' }, skeleton(4));
  const problem = h('div');
  const owners = h('datalist', { id: 'owners' });
  const summary = h('p', { class: 'summary' });
  let balances: Balance[] = [];

  function show(): void {
    fill(owners, ...balances.slice(0, MAX_SHOWN).map((one) => h('option', { value: one.owner })));
    const capped = balances.length >= MAX_SHOWN ? ' shown; there may be more' : '';
    setText(summary, balances.length ? `${plural(balances.length, 'owner')}${capped}` : '');
    if (balances.length === 0) {
      fill(body, emptyState('No owner has credits yet',
        h('p', null, 'Grant some with the form: a job is accepted only when its owner can pay for it.')));
      return;
    }
    if (grid.element.parentElement !== body) fill(body, grid.element);
    rows.render(balances);
  }

  const form = grantForm(owners, (changed) => {
    balances = [...balances.filter((one) => key(one) !== key(changed)), changed].sort(byOwner);
    show();
  });
  const stop = repeat(EVERY_MS, async (signal) => {
    try {
      balances = (await api.credits(signal)).balances.sort(byOwner);
      fill(problem);
      show();
    } catch (cause) {
      if (!signal.aborted) fill(problem, problemBox('The credits could not be read', cause));
    }
  });
  return {
    element: h('div', { class: 'page' }, heading('Credits', summary), problem,
      h('div', { class: 'beside' }, body, form)),
    close: stop,
  };
}

function byOwner(a: Balance, b: Balance): number {
  return a.owner.localeCompare(b.owner) || a.channel.localeCompare(b.channel);
}

function grantForm(owners: HTMLElement, onGranted: (balance: Balance) => void): HTMLFormElement {
  const channel = h('select', { id: 'grant-channel' }, ...CHANNELS.map((name) =>
    h('option', { value: name }, name === 'b2b' ? 'b2b – a store' : 'b2c – a user')));
  const owner = h('input', { id: 'grant-owner', required: true, maxlength: '128', list: 'owners',
    autocomplete: 'off', spellcheck: 'false' });
  const amount = h('input', { id: 'grant-amount', required: true, type: 'number', inputmode: 'numeric', min: '1',
    max: String(MAX_GRANT), step: '1', value: '100' });
  const reason = h('input', { id: 'grant-reason', required: true, maxlength: '200', autocomplete: 'off',
    placeholder: 'Invoice 2031, goodwill, …' });
  const submit = h('button', { class: 'button primary', type: 'submit' }, 'Grant credits');
  const field = (label: string, input: HTMLElement) =>
    h('div', { class: 'field' }, h('label', { for: input.id }, label), input);
  const form = h('form', { class: 'panel', 'aria-labelledby': 'grant-title' },
    h('h2', { id: 'grant-title' }, 'Grant credits'),
    field('Channel', channel), field('Owner', owner), field('Amount', amount), field('Reason', reason),
    owners, submit, h('p', { class: 'hint' }, 'The ledger only grows: a grant cannot be taken back.'));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void grant();
  });

  async function grant(): Promise<void> {
    submit.disabled = true;
    try {
      const balance = await api.grant({ channel: channel.value as Channel, owner: owner.value.trim(),
        amount: amount.valueAsNumber, reason: reason.value.trim() });
      onGranted(balance);
      note(`Granted ${plural(amount.valueAsNumber, 'credit')} to ${balance.owner}; the balance is now ${count(balance.balance)}.`);
      reason.value = '';
    } catch (cause) {
      trouble('Nothing was granted', cause);
    } finally {
      submit.disabled = false;
    }
  }
  return form;
}
