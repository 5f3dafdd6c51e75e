import { equal, ok, skip } from '../assert.mjs';
import { goTo, withWindow } from '../browser.mjs';

const FINISH_MS = 60_000;
const BURST = 60; // more than one page

const row = (page, id) => page.locator(`tr[data-job="${id}"]`);

async function submit(ctx) {
  const { status, body } = await ctx.producer.submitPictures(ctx.pictures);
  equal(status, 202, `POST /v1/jobs (${body?.code ?? ''} ${body?.detail ?? ''})`);
  return body;
}

export const jobs = [
  {
    name: 'Credits granted in the console reach the owner of the key',
    run: (ctx) => withWindow(ctx, {}, async (page) => {
      const before = await ctx.producer.owner();
      await goTo(ctx, page, '#/credits');
      await page.getByLabel('Channel').selectOption(before.channel);
      await page.getByLabel('Owner', { exact: true }).fill(before.owner);
      await page.getByLabel('Amount').fill('500');
      await page.getByLabel('Reason').fill('browser test');
      await page.getByRole('button', { name: 'Grant credits' }).click();
      await page.locator('.toast', { hasText: 'Granted 500 credits' }).waitFor();
      const after = await ctx.producer.owner();
      equal(after.granted - before.granted, 500, 'credits granted');
      await page.locator(`tr[data-owner="${before.channel}/${before.owner}"]`).waitFor();
      ctx.owner = after;
    }),
  },
  {
    name: 'A new job appears, runs and shows its picture without a reload',
    run: (ctx) => withWindow(ctx, {}, async (page) => {
      await goTo(ctx, page, '#/jobs');
      await page.getByText('Live', { exact: true }).waitFor();
      await page.evaluate(() => { window.sameDocument = true; });
      const job = await submit(ctx);
      ctx.job = job;
      await row(page, job.id).waitFor({ timeout: 10_000 });
      await page.waitForFunction((id) => document.querySelector(`tr[data-job="${id}"]`)?.dataset.status === 'completed', job.id, { timeout: FINISH_MS });
      await page.waitForFunction((id) => (document.querySelector(`tr[data-job="${id}"] img`)?.naturalWidth ?? 0) > 0, job.id);
      ok(await page.evaluate(() => window.sameDocument), 'the page was reloaded');
    }),
  },
  {
    name: 'The drawer shows inputs beside the result, the history, and ids to copy',
    run: (ctx) => withWindow(ctx, {}, async (page) => {
      if (!ctx.job) skip('there is no completed job');
      await goTo(ctx, page, '#/jobs');
      await row(page, ctx.job.id).locator('a.job-link').click();
      const drawer = page.getByRole('dialog');
      await drawer.locator('.pictures').waitFor();
      await page.waitForFunction(() => {
        // Uploads are deleted once the job is completed; the drawer then says so, and asks for nothing.
        const pictures = [...document.querySelectorAll('.drawer .picture')];
        const shown = (one) => (one.querySelector('img')?.naturalWidth ?? 0) > 0;
        return pictures.length >= 3 && shown(pictures.at(-1)) && pictures.every((one) => shown(one) || one.textContent === 'Deleted after use');
      });
      equal(await drawer.locator('.history li[data-state="done"]').count(), 3, 'steps of the history that are done');
      await drawer.getByRole('button', { name: 'Copy the request id' }).click();
      equal(await page.evaluate(() => navigator.clipboard.readText()), ctx.job.request_id, 'the copied request id');
      ok(page.url().includes(`job=${ctx.job.id}`), 'the open job is not in the address');
      await page.reload();
      await page.getByRole('dialog').locator('.pictures').waitFor();
    }),
  },
  {
    name: 'Filters by status, channel and owner show only what matches, and live in the address',
    run: (ctx) => withWindow(ctx, {}, async (page) => {
      await goTo(ctx, page, '#/jobs');
      await page.getByRole('button', { name: /^Completed/ }).click();
      await page.waitForFunction(() => {
        const rows = [...document.querySelectorAll('.jobs tbody tr')];
        return rows.length > 0 && rows.every((one) => one.dataset.status === 'completed');
      });
      ok(page.url().includes('status=completed'), 'the status is not in the address');
      const { channel, owner } = ctx.owner ?? await ctx.producer.owner();
      await page.getByLabel('Channel').selectOption(channel);
      await page.getByLabel('Owner', { exact: true }).fill(owner);
      await page.waitForFunction((name) => location.hash.includes('owner=')
        && [...document.querySelectorAll('.jobs tbody .owner')].every((one) => one.textContent === name), owner);
      await page.getByLabel('Owner', { exact: true }).fill('nobody-at-all');
      await page.getByText('No job matches these filters').waitFor();
      await page.getByRole('button', { name: 'Clear the filters' }).click();
      await page.waitForFunction(() => document.querySelectorAll('.jobs tbody tr').length > 0);
      await page.goBack();
      await page.getByText('No job matches these filters').waitFor();
    }),
  },
  {
    name: 'A burst of jobs arrives live, and older ones come page by page without a double',
    run: (ctx) => withWindow(ctx, {}, async (page) => {
      await goTo(ctx, page, '#/jobs');
      await page.getByText('Live', { exact: true }).waitFor();
      const answers = await Promise.all(Array.from({ length: BURST }, () => ctx.producer.submitPictures(ctx.pictures)));
      const made = answers.filter(({ status }) => status === 202).map(({ body }) => body.id);
      if (made.length < BURST) skip(`only ${made.length} of ${BURST} jobs were accepted (${answers.find(({ status }) => status !== 202).status})`);
      await page.waitForFunction((ids) => ids.every((id) => document.querySelector(`tr[data-job="${id}"]`)), made, { timeout: 30_000 });
      await page.reload();
      const more = page.getByRole('button', { name: 'Show older jobs' });
      await more.waitFor();
      const before = await page.locator('.jobs tbody tr').count();
      await more.click();
      await page.waitForFunction((count) => document.querySelectorAll('.jobs tbody tr').length > count, before);
      const ids = await page.locator('.jobs tbody tr').evaluateAll((rows) => rows.map((one) => one.dataset.job));
      equal(new Set(ids).size, ids.length, 'different jobs among the rows');
      await Promise.all(made.map((id) => ctx.producer.ended(id, FINISH_MS)));
    }),
  },
  {
    name: 'After a lost connection it says so, comes back and shows what was missed',
    run: (ctx) => ctx.watch.during(/net::ERR_FAILED/, () => withWindow(ctx, {}, async (page) => {
      // The first stream ends after one comment and the next ones do not begin, until the road is clear again.
      let streams = 0;
      let clear = false;
      await page.route('**/v1/console/events', (route) => {
        streams += 1;
        if (clear) return route.continue();
        return streams === 1 ? route.fulfill({ contentType: 'text/event-stream', body: ': soon gone\n\n' }) : route.abort('failed');
      });
      await goTo(ctx, page, '#/jobs');
      await page.getByText(/^Offline, again in \d+ s$/).waitFor();
      const missed = await submit(ctx);
      await page.waitForTimeout(1_000);
      equal(await row(page, missed.id).count(), 0, 'rows of a job made while offline');
      clear = true;
      await page.locator('.connection').click(); // connects now rather than at the end of the wait
      await page.getByText('Live', { exact: true }).waitFor();
      await row(page, missed.id).waitFor();
    })),
  },
];
