// Chromium, and a page that remembers everything that went wrong on it.

import { createRequire } from 'node:module';

// The console's own development dependency, so that one `npm ci` in web/ serves both.
const require = createRequire(new URL('../../../web/package.json', import.meta.url));
const { chromium } = require('playwright-core');

const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];

export function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
}

/** Errors of all pages. A check that provokes an error allows it by a pattern over "text address". */
export class Watch {
  troubles = [];
  allowed = [];

  allow(...patterns) {
    this.allowed.push(...patterns);
  }

  async during(pattern, action) {
    this.allowed.push(pattern);
    try {
      return await action();
    } finally {
      await new Promise((resolve) => setTimeout(resolve, 300)); // late messages
      this.allowed.splice(this.allowed.indexOf(pattern), 1);
    }
  }

  note(kind, text) {
    if (!this.allowed.some((pattern) => pattern.test(text))) this.troubles.push(`${kind}: ${text}`);
  }

  attach(page) {
    page.on('console', (message) => {
      if (message.type() === 'error' || /content security policy/i.test(message.text())) {
        this.note('console', `${message.text()} ${message.location().url}`);
      }
    });
    page.on('pageerror', (error) => this.note('exception', error.stack ?? error.message));
    page.on('request', (request) => {
      const { protocol, origin } = new URL(request.url());
      if (protocol.startsWith('http') && origin !== this.origin) this.note('foreign request', request.url());
    });
  }
}

/** A fresh window; with `state` it is signed in. */
export async function openWindow(ctx, { width = 1280, height = 900, scheme = 'light', state = ctx.state, reduced = false } = {}) {
  const context = await ctx.browser.newContext({
    viewport: { width, height },
    colorScheme: scheme,
    reducedMotion: reduced ? 'reduce' : 'no-preference',
    permissions: ['clipboard-read', 'clipboard-write'],
    ...(state ? { storageState: state } : {}),
  });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  ctx.watch.attach(page);
  await page.addInitScript(() => {
    window.violations = [];
    document.addEventListener('securitypolicyviolation', (event) => window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
  });
  return page;
}

export async function goTo(ctx, page, hash) {
  await page.goto(`${ctx.url}/console/${hash}`);
  await page.waitForSelector('main h1');
  await page.waitForFunction(() => !document.querySelector('.skeleton, .starting'));
}

export const PAGES = ['jobs', 'overview', 'failed', 'credits', 'webhooks', 'sizing', 'dead'];

export async function withWindow(ctx, options, action) {
  const page = await openWindow(ctx, options);
  try {
    return await action(page);
  } finally {
    const violations = await page.evaluate(() => window.violations ?? []).catch(() => []);
    for (const one of violations) ctx.watch.note('policy', one);
    await page.context().close();
  }
}
