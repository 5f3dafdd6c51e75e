// The console's start: who is signed in decides between the sign-in page and the shell; the address decides the page.

import './styles/index.css';
import { api, ApiError, whenSignedOut } from './api';
import { fill, h } from './dom';
import { startLive, stopLive, subscribe } from './live';
import { creditsPage } from './pages/credits';
import { deadPage } from './pages/dead';
import { failedPage } from './pages/failed';
import { jobsPage } from './pages/jobs';
import { overviewPage } from './pages/overview';
import { signInPage } from './pages/sign-in';
import { sizingPage } from './pages/sizing';
import { webhooksPage } from './pages/webhooks';
import { announcer, jobFinished } from './parts/announce';
import { problemBox } from './parts/feedback';
import { openDrawer, type Drawer } from './parts/job-drawer';
import type { Page } from './parts/page';
import { setStorageOrigin } from './parts/picture';
import { makeShell, type Shell } from './parts/shell';
import { toasts, trouble } from './parts/toast';
import { currentRoute, setParams, takeLoginCode, type PageName, type Route } from './router';

const app = document.getElementById('app')!;
document.body.append(toasts(), announcer());

const PAGES: Record<PageName, (params: Route['params']) => Page> = {
  jobs: jobsPage,
  overview: overviewPage,
  failed: failedPage,
  credits: creditsPage,
  webhooks: webhooksPage,
  sizing: sizingPage,
  dead: deadPage,
};

interface Open {
  shell: Shell;
  name: PageName | null;
  page: Page | null;
  drawer: Drawer | null;
  unsubscribe: () => void;
}
let open: Open | null = null;

function showRoute(): void {
  const code = takeLoginCode();
  if (code) {
    signIn(code);
    return;
  }
  if (!open) return;
  const state = open;
  const route = currentRoute();
  if (state.name !== route.page) {
    const first = state.name === null;
    state.page?.close();
    state.name = route.page;
    state.page = PAGES[route.page](route.params);
    fill(state.shell.main, state.page.element);
    state.shell.select(route.page);
    if (!first) scrollTo(0, 0);
  } else {
    state.page?.route?.(route.params);
  }
  showDrawer(state, route.params.job);
}

function showDrawer(state: Open, jobId: string | undefined): void {
  if (state.drawer?.jobId === jobId) return;
  const before = state.drawer;
  state.drawer = null;
  before?.close();
  if (!jobId) return;
  const drawer = openDrawer(jobId, () => {
    if (state.drawer !== drawer) return; // another job took its place
    state.drawer = null;
    setParams({ job: undefined });
    if (document.activeElement === document.body) state.shell.main.querySelector<HTMLElement>('h1')?.focus();
  });
  state.drawer = drawer;
}

function enter(): void {
  leave();
  const shell = makeShell(() => void signOut());
  open = { shell, name: null, page: null, drawer: null, unsubscribe: subscribe({ job: jobFinished }) };
  fill(app, shell.element);
  startLive();
  showRoute();
}

function leave(): void {
  if (!open) return;
  stopLive();
  const state = open;
  open = null;
  const drawer = state.drawer;
  state.drawer = null;
  drawer?.close();
  state.page?.close();
  state.shell.close();
  state.unsubscribe();
}

function signIn(code: string | null, reason = ''): void {
  leave();
  document.title = 'Sign in – Selvage';
  fill(app, signInPage({ code, reason }, () => void start()));
}

async function signOut(): Promise<void> {
  try {
    await api.logout();
    signIn(null, 'You are signed out.');
  } catch (cause) {
    trouble('You are still signed in', cause);
  }
}

async function start(): Promise<void> {
  const code = takeLoginCode();
  if (code) {
    signIn(code);
    return;
  }
  fill(app, h('p', { class: 'starting', role: 'status' }, 'Opening the console…'));
  try {
    setStorageOrigin((await api.session()).picture_origin);
    enter();
  } catch (cause) {
    if (cause instanceof ApiError && (cause.status === 401 || cause.status === 403)) signIn(null);
    else fill(app, h('main', { class: 'sign-in' }, problemBox('The console could not start', cause, () => void start())));
  }
}

whenSignedOut(() => {
  if (open) signIn(null, 'Your session has ended. Sign in again; you come back to where you were.');
});
addEventListener('hashchange', showRoute);
void start();
