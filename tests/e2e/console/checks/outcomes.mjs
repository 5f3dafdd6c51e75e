import { equal, ok, skip } from '../assert.mjs';
import { goTo, withWindow } from '../browser.mjs';

const FINISH_MS = 60_000;

export const outcomes = [
  {
    name: 'A paused queue is marked, its jobs wait, and one is cancelled after a question',
    run: (ctx) => withWindow(ctx, {}, async (page) => {
      await goTo(ctx, page, '#/overview');
      const line = page.locator('.queue-line', { hasText: /generation/ });
      await line.getByRole('button', { name: /^Pause the queue/ }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Leave it' }).click();
      equal(await line.locator('.badge').count(), 0, 'badges after a no');
      await line.getByRole('button', { name: /^Pause the queue/ }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Pause the queue' }).click();
      await line.getByText('Paused', { exact: true }).waitFor();
      try {
        const { status, body: job } = await ctx.producer.submitPictures(ctx.pictures);
        equal(status, 202, 'a job sent to a paused queue');
        await goTo(ctx, page, `#/jobs?job=${job.id}`);
        const drawer = page.getByRole('dialog', { name: 'Job' });
        await drawer.getByText(/in the line/).waitFor();
        await drawer.getByRole('button', { name: `Cancel job ${job.id}` }).click();
        await page.getByRole('dialog').getByText('Cancel this job?').waitFor();
        await page.keyboard.press('Escape');
        equal((await ctx.producer.call(`/v1/jobs/${job.id}`)).body.status, 'queued', 'after a no');
        await drawer.getByRole('button', { name: `Cancel job ${job.id}` }).click();
        await page.getByRole('dialog').getByRole('button', { name: 'Cancel the job' }).click();
        await drawer.locator('.failure code', { hasText: 'cancelled' }).waitFor();
        equal(await drawer.getByRole('button', { name: /^Cancel job/ }).count(), 0, 'cancel buttons of a job that is over');
        await drawer.getByRole('button', { name: /^Retry/ }).waitFor();
      } finally {
        await goTo(ctx, page, '#/overview');
        await line.getByRole('button', { name: /^Resume the queue/ }).click();
        await line.getByRole('button', { name: /^Pause the queue/ }).waitFor();
      }
      equal(await line.locator('.badge').count(), 0, 'badges of a queue that goes on');
    }),
  },
  {
    name: 'A job under way shows how far it is, to eyes and to screen readers',
    run: (ctx) => withWindow(ctx, {}, async (page) => {
      // The feed is played by the test: a real job may be over before a step can be seen.
      const { body: job } = await ctx.producer.submitPictures(ctx.pictures);
      const done = await ctx.producer.ended(job.id, FINISH_MS);
      const at = (progress, stage) => ({ ...done, status: 'processing', progress, stage, finished_at: null, processing_ms: null, result_url: null, inputs: [] });
      await page.route('**/v1/console/events', (route) => route.fulfill({ contentType: 'text/event-stream',
        body: `event: job\ndata: ${JSON.stringify(at(40, 'provider'))}\n\n` }));
      await page.route(`**/v1/jobs/${job.id}`, (route) => route.fulfill({ json: at(10, 'inputs') }));
      await page.route('**/v1/jobs?*', (route) => route.fulfill({ json: { jobs: [at(10, 'inputs')], next_cursor: null } }));
      await goTo(ctx, page, '#/jobs');
      await page.locator(`tr[data-job="${job.id}"] .progress`, { hasText: /(10|40) %/ }).waitFor();
      await page.locator(`tr[data-job="${job.id}"] a.job-link`).click();
      const bar = page.getByRole('dialog').getByRole('progressbar', { name: 'Progress of this job' });
      await bar.waitFor();
      ok(['10', '40'].includes(await bar.getAttribute('aria-valuenow')), 'the bar has no value');
      ok(/picture/.test(await bar.getAttribute('aria-valuetext')), 'the bar does not say what is done');
    }),
  },
  {
    name: 'Webhooks are listed with what was sent to them, and a delivery is sent again',
    run: (ctx) => withWindow(ctx, {}, async (page) => {
      const made = await ctx.producer.call('/v1/webhooks', { method: 'POST', headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ url: 'https://hooks.example.com/selvage-e2e' }) });
      if (made.status === 201) {
        const { body: job } = await ctx.producer.submitPictures(ctx.pictures);
        await ctx.producer.ended(job.id, FINISH_MS);
        await goTo(ctx, page, '#/webhooks');
        await page.locator(`tr[data-webhook="${made.body.id}"]`, { hasText: 'selvage-e2e' }).waitFor();
        await page.locator('.deliveries tbody tr', { hasText: 'job.completed' }).first().waitFor();
        ok(!(await page.content()).includes(made.body.secret), 'the secret is on the page');
        await ctx.producer.call(`/v1/webhooks/${made.body.id}`, { method: 'DELETE' });
        return;
      }
      await goTo(ctx, page, '#/webhooks');
      const failed = page.locator('.deliveries tr', { has: page.locator('[data-state="failed"]') });
      if (await failed.count() === 0) skip('no delivery has failed');
      const id = await failed.first().getAttribute('data-delivery');
      await failed.first().getByRole('button', { name: /^Send delivery/ }).click();
      await page.locator('.toast', { hasText: 'It is sent again' }).waitFor();
      equal(await page.locator(`tr[data-delivery="${id}"] [data-state="failed"]`).count(), 0, 'failed marks of it');
    }),
  },
];
