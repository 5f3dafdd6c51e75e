// Takes the pictures of the docs from a running instance: pictures.mjs --url URL --login CODE --out DIR

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { launch } from './browser.mjs';

const { url, login, out } = parseArgs({
  options: { url: { type: 'string' }, login: { type: 'string' }, out: { type: 'string' } },
}).values;

const WINDOWS = [
  { name: 'console-jobs', page: 'jobs', width: 1280, height: 800, scheme: 'light' },
  { name: 'console-overview', page: 'overview', width: 1280, height: 800, scheme: 'dark' },
  { name: 'console-phone', page: 'jobs', width: 360, height: 740, scheme: 'light' },
];

const browser = await launch();
const signedIn = await browser.newContext();
const first = await signedIn.newPage();
await first.goto(`${url}/console/#login=${login}`);
await first.getByRole('tablist').waitFor();
const state = await signedIn.storageState();
for (const window of WINDOWS) {
  const context = await browser.newContext({
    storageState: state,
    viewport: { width: window.width, height: window.height },
    colorScheme: window.scheme,
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  await page.goto(`${url}/console/#/${window.page}`);
  await page.waitForTimeout(2_500);
  await page.screenshot({ path: join(out, `${window.name}.png`) });
  await context.close();
}
await browser.close();
