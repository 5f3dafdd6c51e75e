// Webhooks of all owners, and what was sent to them. Owners register them with their keys; here one sees and repeats.

import { api } from '../api';
import { KeyedList, button, fill, h, setText, type Keyed } from '../dom';
import { plural } from '../format';
import { command, emptyState, problemBox, skeleton } from '../parts/feedback';
import { icon } from '../parts/icon';
import { cell, channelTag, jobLink, table } from '../parts/job-row';
import { heading, repeat, type Page } from '../parts/page';
import { agoTime, setAgo } from '../parts/time';
import { note, trouble } from '../parts/toast';
import type { Delivery, Webhook } from '../types';

const EVERY_MS = 5_000;
const SHOWN = 50;
const WEBHOOK_COLUMNS = [
  ['cell-owner', 'Owner'],
  ['cell-url', 'URL'],
  ['cell-reason', 'Events'],
  ['cell-hook', 'State'],
  ['cell-action', 'Action'],
] as const;
const DELIVERY_COLUMNS = [
  ['cell-event', 'Event'],
  ['cell-job', 'Job'],
  ['cell-hook', 'State'],
  ['cell-reason', 'Last attempt'],
  ['cell-action', 'Action'],
] as const;

// A button that works on the server once, and says how it went.
function action(label: string, text: string, failed: string, run: () => Promise<string>): HTMLButtonElement {
  const element = button({ class: 'button', 'aria-label': label }, () => void act(), icon('retry'), text);
  async function act(): Promise<void> {
    element.disabled = true;
    try {
      note(await run());
    } catch (cause) {
      trouble(failed, cause);
    } finally {
      element.disabled = false;
    }
  }
  return element;
}

function webhookRow(first: Webhook): Keyed<Webhook> {
  const state = h('span', { class: 'hook-state' });
  const why = h('span', { class: 'hint reason' });
  const enable = action(`Enable webhook ${first.id}`, 'Enable', 'The webhook was not enabled', async () => {
    update(await api.enableWebhook(first.id));
    return 'Enabled: it is sent to again.';
  });
  const element = h('tr', { role: 'row', 'data-webhook': first.id },
    cell('Owner', 'cell-owner', h('span', { class: 'owner' }, first.owner), channelTag(first.channel)),
    cell('URL', 'cell-url', h('span', { class: 'mono' }, first.url)),
    cell('Events', 'cell-reason', first.events.join(', ')),
    cell('State', 'cell-hook', state, why),
    cell('Action', 'cell-action', enable));
  function update(webhook: Webhook): void {
    const name = !webhook.enabled ? 'disabled' : webhook.failing_since ? 'failing' : 'enabled';
    setText(state, name);
    state.dataset.state = name;
    setText(why, webhook.disabled_reason ?? '');
    enable.hidden = webhook.enabled;
  }
  update(first);
  return { element, update };
}

function deliveryRow(first: Delivery): Keyed<Delivery> {
  const state = h('span', { class: 'hook-state' });
  const tries = h('span', { class: 'hint number' });
  const last = h('span', { class: 'reason' });
  const when = agoTime(first.created_at);
  const replay = action(`Send delivery ${first.id} again`, 'Replay', 'It is not sent again', async () => {
    update(await api.replay(first.id));
    return 'It is sent again, with the same webhook-id.';
  });
  const element = h('tr', { role: 'row', 'data-delivery': first.id },
    cell('Event', 'cell-event', h('span', { class: 'mono' }, first.event)),
    cell('Job', 'cell-job', jobLink(first.job_id)),
    cell('State', 'cell-hook', state, tries),
    cell('Last attempt', 'cell-reason', when, last),
    cell('Action', 'cell-action', replay));
  function update(delivery: Delivery): void {
    setText(state, delivery.state);
    state.dataset.state = delivery.state;
    setText(tries, delivery.attempts ? plural(delivery.attempts, 'attempt') : '');
    setText(last, delivery.last_error ?? (delivery.last_status ? `answered ${delivery.last_status}` : ''));
    setAgo(when, delivery.last_attempt_at ?? delivery.created_at);
    replay.hidden = delivery.state === 'pending';
  }
  update(first);
  return { element, update };
}

export function webhooksPage(): Page {
  const hooks = table('Webhooks', WEBHOOK_COLUMNS, 'webhooks');
  const sent = table('Deliveries, newest first', DELIVERY_COLUMNS, 'deliveries');
  const hookRows = new KeyedList<Webhook>(hooks.body, (one) => one.id, webhookRow);
  const sentRows = new KeyedList<Delivery>(sent.body, (one) => one.id, deliveryRow);
  const body = h('div', { class: 'body' }, skeleton(3));
  const problem = h('div');
  const summary = h('p', { class: 'summary' });
  const content = [
    hooks.element,
    h('section', { class: 'deliveries-section' }, h('h2', null, 'Deliveries'), sent.element),
  ];

  function show(webhooks: Webhook[], deliveries: Delivery[]): void {
    setText(summary, webhooks.length ? plural(webhooks.length, 'webhook') : '');
    if (webhooks.length === 0 && deliveries.length === 0) {
      fill(body, emptyState('No webhook is registered',
        h('p', null, 'An owner registers one with its key; how its jobs end is then sent there, signed.'),
        command(`curl ${location.origin}/v1/webhooks -H "Authorization: Bearer $KEY" \\\n  -H "Content-Type: application/json" -d '{"url": "https://shop.example/hooks"}'`)));
      return;
    }
    if (hooks.element.parentElement !== body) fill(body, ...content);
    hookRows.render(webhooks);
    sentRows.render(deliveries);
  }

  const stop = repeat(EVERY_MS, async (signal) => {
    try {
      const [{ webhooks }, { deliveries }] = await Promise.all([api.webhooks(signal), api.deliveries(SHOWN, signal)]);
      fill(problem);
      show(webhooks, deliveries);
    } catch (cause) {
      if (!signal.aborted) fill(problem, problemBox('The webhooks could not be read', cause));
    }
  });
  return { element: h('div', { class: 'page' }, heading('Webhooks', summary), problem, body), close: stop };
}
