// Browser tests of the console, against a real server:
//
//   node tests/e2e/console/run.mjs --url http://127.0.0.1:8000 --login CODE --key sk_... [--shots DIR] [--only WORD]
//   node tests/e2e/console/run.mjs --stand-in            against web/dev/api.mjs
//
// `--login` is the one-time code of the sign-in link; `--key` an API key that may submit and read. The tests
// submit jobs and grant credits to the key's owner: use a server whose data may be thrown away. Prints one line a
// check and a sum; exit code 0 when nothing failed, 1 when something did, 2 for wrong usage, 3 without a browser.

import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Skip } from './assert.mjs';
import { Watch, launch } from './browser.mjs';
import { Producer, drawPictures } from './producer.mjs';
import { signIn } from './checks/sign-in.mjs';
import { jobs } from './checks/jobs.mjs';
import { failures } from './checks/failures.mjs';
import { outcomes } from './checks/outcomes.mjs';
import { pages } from './checks/pages.mjs';
import { sizing } from './checks/sizing.mjs';
import { keyboard } from './checks/keyboard.mjs';
import { look } from './checks/look.mjs';
import { shots } from './checks/shots.mjs';
import { leave } from './checks/leave.mjs';

const CHECK_LIMIT_MS = 150_000;

function usage(message) {
  console.error(`error: ${message}\nhint: run.mjs --url URL --login CODE --key sk_... [--shots DIR] [--only WORD], or run.mjs --stand-in`);
  process.exit(2);
}

let options;
try {
  options = parseArgs({
    options: {
      url: { type: 'string' }, login: { type: 'string' }, key: { type: 'string' }, shots: { type: 'string' },
      only: { type: 'string' }, 'stand-in': { type: 'boolean' },
    },
  }).values;
} catch (cause) {
  usage(cause.message);
}

let standIn = null;
if (options['stand-in']) {
  if (!existsSync(new URL('../../../web/dist/index.html', import.meta.url))) usage('web/dist is missing: run npm run build in web/ first');
  const { startStandIn } = await import('../../../web/dev/api.mjs');
  standIn = await startStandIn({ pace: 0.6 });
  Object.assign(options, { url: standIn.url, login: standIn.login, key: standIn.key });
}
for (const needed of ['url', 'login', 'key']) if (!options[needed]) usage(`--${needed} is missing`);
if (options.shots) mkdirSync(options.shots, { recursive: true });

const url = new URL(options.url).origin;
const browser = await launch().catch((cause) => {
  console.error(`error: Chromium did not start: ${cause.message.split('\n')[0]}\nhint: install it (apt install chromium), or set CHROMIUM to its path`);
  process.exit(3);
});
const ctx = {
  url,
  browser,
  login: options.login,
  shots: options.shots ?? null,
  state: undefined, // the signed-in cookies, once there are some
  watch: Object.assign(new Watch(), { origin: url }),
  producer: new Producer(url, options.key),
  pictures: await drawPictures(browser),
};

const sum = { ok: 0, FAIL: 0, skip: 0 };
async function check({ name, run }) {
  const began = performance.now();
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${CHECK_LIMIT_MS / 1_000} s`)), CHECK_LIMIT_MS);
  });
  let word = 'ok';
  let more = '';
  const troublesBefore = ctx.watch.troubles.length;
  try {
    await Promise.race([run(ctx), late]);
    const fresh = ctx.watch.troubles.slice(troublesBefore);
    if (fresh.length) throw new Error(`the browser complained: ${fresh.slice(0, 3).join(' | ')}`);
  } catch (cause) {
    word = cause instanceof Skip ? 'skip' : 'FAIL';
    more = `: ${cause.message.split('\n').slice(0, 4).join(' ').slice(0, 600)}`;
    if (word === 'FAIL' && ctx.shots) {
      const open = browser.contexts().flatMap((context) => context.pages()).at(-1);
      await open?.screenshot({ path: join(ctx.shots, `failure-${sum.FAIL + 1}.png`) }).catch(() => {});
    }
  } finally {
    clearTimeout(timer);
  }
  sum[word] += 1;
  console.log(`${word.padEnd(4)} ${name}${more} (${((performance.now() - began) / 1_000).toFixed(1)} s)`);
}

// Signing in comes first and signing out last; --only chooses among the rest.
const chosen = [...jobs, ...failures, ...outcomes, ...pages, ...sizing, ...keyboard, ...look, ...(ctx.shots ? shots : [])]
  .filter(({ name }) => !options.only || name.toLowerCase().includes(options.only.toLowerCase()));
for (const one of signIn) await check(one);
if (ctx.state) for (const one of [...chosen, ...leave]) await check(one);
else console.log('FAIL the rest was left out: without a sign-in nothing can be seen');
console.log(`${sum.ok} passed, ${sum.FAIL} failed, ${sum.skip} skipped`);
await browser.close();
await standIn?.close();
process.exit(sum.FAIL || !ctx.state ? 1 : 0);
