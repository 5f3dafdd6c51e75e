// The frame of the signed-in console: the pages as tabs, the state of the live connection, theme, sign-out.

import { button, fill, h, setText } from '../dom';
import { startLive, subscribe } from '../live';
import { PAGES, formatRoute, type PageName } from '../router';
import type { StreamState } from '../sse';
import { theme, toggleTheme } from '../theme';
import { say } from './announce';
import { icon } from './icon';

const NAMES: Record<PageName, { full: string; short: string }> = {
  jobs: { full: 'Jobs', short: 'Jobs' },
  overview: { full: 'Overview', short: 'Overview' },
  failed: { full: 'Failed', short: 'Failed' },
  credits: { full: 'Credits', short: 'Credits' },
  webhooks: { full: 'Webhooks', short: 'Hooks' },
  sizing: { full: 'Sizing', short: 'Size' },
  dead: { full: 'Dead letters', short: 'Dead' },
};

export interface Shell {
  element: HTMLElement;
  main: HTMLElement;
  select: (page: PageName) => void;
  close: () => void;
}

export function makeShell(onSignOut: () => void): Shell {
  const main = h('main', { id: 'main', role: 'tabpanel', tabindex: '-1' });
  const tabs = makeTabs();
  const live = connection();
  const themeButton = button({ class: 'bare' }, () => {
    toggleTheme();
    showTheme();
  });
  function showTheme(): void {
    const dark = theme() === 'dark';
    themeButton.setAttribute('aria-label', dark ? 'Use the light theme' : 'Use the dark theme');
    themeButton.title = themeButton.getAttribute('aria-label') ?? '';
    themeButton.replaceChildren(icon(dark ? 'sun' : 'moon', 18));
  }
  showTheme();
  addEventListener('themechange', showTheme);
  const leave = button({ class: 'bare', 'aria-label': 'Sign out', title: 'Sign out' }, onSignOut, icon('leave', 18));
  const skip = button({ class: 'skip' }, () => main.querySelector<HTMLElement>('h1')?.focus(), 'Skip to the content');
  const element = h('div', { class: 'shell' },
    skip,
    h('header', { class: 'top' },
      h('p', { class: 'wordmark' }, 'Selvage'),
      h('nav', { 'aria-label': 'Console' }, tabs.element),
      h('div', { class: 'tools' }, live.element, themeButton, leave)),
    main);
  return {
    element,
    main,
    select(page) {
      tabs.select(page);
      main.setAttribute('aria-labelledby', `tab-${page}`);
      document.title = `${NAMES[page].full} – Selvage`;
    },
    close() {
      live.close();
      tabs.close();
      removeEventListener('themechange', showTheme);
    },
  };
}

// One tab stop; the arrow keys, Home and End go from tab to tab.
function makeTabs() {
  const badge = h('span', { class: 'tab-badge number', hidden: true });
  const tabs = PAGES.map((page) =>
    h('a', { role: 'tab', id: `tab-${page}`, href: formatRoute(page), 'aria-controls': 'main', 'data-page': page },
      icon(page, 18), h('span', { class: 'full' }, NAMES[page].full),
      h('span', { class: 'short', 'aria-hidden': 'true' }, NAMES[page].short), page === 'dead' ? badge : null));
  const element = h('div', { role: 'tablist', class: 'tabs', 'aria-label': 'Pages' }, ...tabs);
  element.addEventListener('keydown', (event) => {
    const at = tabs.findIndex((tab) => tab === document.activeElement);
    if (at < 0) return;
    const last = tabs.length - 1;
    const to = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at === 0 ? last : at - 1, Home: 0, End: last, ' ': at }[event.key];
    const tab = to === undefined ? undefined : tabs[to];
    if (!tab) return;
    event.preventDefault();
    tab.focus();
    tab.click();
  });
  const unsubscribe = subscribe({
    queues({ queues }) {
      const dead = queues.reduce((sum, queue) => sum + queue.dead, 0);
      badge.hidden = dead === 0;
      setText(badge, dead > 99 ? '99+' : String(dead));
    },
  });
  return {
    element,
    select(page: PageName) {
      for (const tab of tabs) {
        const chosen = tab.dataset.page === page;
        tab.setAttribute('aria-selected', String(chosen));
        tab.tabIndex = chosen ? 0 : -1;
      }
    },
    close: unsubscribe,
  };
}

const LOUD_AFTER_MS = 4_000; // a short break is nobody's news

function connection() {
  const text = h('span');
  const element = button({ class: 'connection' }, () => startLive(), h('span', { class: 'dot', 'aria-hidden': 'true' }), text);
  let countdown: ReturnType<typeof setInterval> | undefined;
  let loud: ReturnType<typeof setTimeout> | undefined;
  let told = false;
  const words: Record<StreamState, string> = { live: 'Live', connecting: 'Connecting', waiting: 'Offline', paused: 'Paused' };
  const unsubscribe = subscribe({
    state(state, retryInMs) {
      clearInterval(countdown);
      element.dataset.state = state;
      element.title = state === 'live' ? 'Changes arrive as they happen' : 'Connect now';
      if (state === 'waiting') {
        const until = Date.now() + retryInMs;
        const tick = () => setText(text, `Offline, again in ${Math.max(1, Math.ceil((until - Date.now()) / 1_000))} s`);
        tick();
        countdown = setInterval(tick, 500);
        loud ??= setTimeout(() => {
          told = true;
          say('The live connection is lost. Trying again.');
        }, LOUD_AFTER_MS);
      } else {
        fill(text, words[state]);
      }
      if (state === 'live') {
        clearTimeout(loud);
        loud = undefined;
        if (told) say('The live connection is back.');
        told = false;
      }
    },
  });
  return {
    element,
    close() {
      clearInterval(countdown);
      clearTimeout(loud);
      unsubscribe();
    },
  };
}
