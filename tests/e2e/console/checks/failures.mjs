import { equal, ok, skip } from '../assert.mjs';
import { goTo, withWindow } from '../browser.mjs';

const FAIL_MS = 120_000;

async function failed(ctx, count) {
  const answers = await Promise.all(Array.from({ length: count }, () => ctx.producer.submitFailing(ctx.pictures, FAIL_MS)));
  const without = answers.find((answer) => answer.skip);
  if (without) skip(without.skip);
  return answers.map(({ job }) => job);
}

export const failures = [
  {
    name: 'A failed job shows its reason, and a retry makes a new job',
    run: (ctx) => withWindow(ctx, {}, async (page) => {
      const [job] = await failed(ctx, 1);
      await goTo(ctx, page, '#/failed');
      const row = page.locator(`tr[data-job="${job.id}"]`);
      await row.waitFor();
      ok((await row.locator('.cell-reason').innerText()).includes(job.error.message), 'the reason is not shown');
      await row.getByRole('button', { name: /^Retry/ }).click();
      const link = row.getByRole('link', { name: 'Retried' });
      await link.waitFor();
      const made = await link.getAttribute('title');
      const { body } = await ctx.producer.call(`/v1/jobs/${made}`);
      equal(body.retry_of, job.id, 'what the new job repeats');
      await link.click();
      await page.getByRole('dialog').getByText('Retry of').waitFor();
    }),
  },
  {
    name: 'Selected jobs are retried together, after a question',
    run: (ctx) => withWindow(ctx, {}, async (page) => {
      const jobs = await failed(ctx, 2);
      await goTo(ctx, page, '#/failed');
      for (const job of jobs) await page.locator(`tr[data-job="${job.id}"] input[type=checkbox]`).check();
      await page.getByText('2 selected').waitFor();
      const bulk = page.getByRole('button', { name: 'Retry selected' });
      await bulk.click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText('Retry 2 jobs?').waitFor();
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
      for (const job of jobs) equal(await page.locator(`tr[data-job="${job.id}"] a[title]`, { hasText: 'Retried' }).count(), 0, 'retries after a no');
      await bulk.click();
      await page.getByRole('dialog').getByRole('button', { name: 'Retry 2 jobs' }).click();
      for (const job of jobs) await page.locator(`tr[data-job="${job.id}"]`).getByRole('link', { name: 'Retried' }).waitFor();
    }),
  },
  {
    name: 'The drawer of a failed job shows the reason, the detail for operators and the inputs',
    run: (ctx) => withWindow(ctx, {}, async (page) => {
      const [job] = await failed(ctx, 1);
      await goTo(ctx, page, `#/failed?job=${job.id}`);
      const drawer = page.getByRole('dialog');
      await drawer.locator('.failure').waitFor();
      const text = await drawer.locator('.failure').innerText();
      ok(text.includes(job.error.code) && text.includes(job.error.message), `the failure reads "${text}"`);
      equal(await drawer.locator('.failure .detail').count(), 1, 'details for operators');
      equal(await drawer.locator('.history li[data-state="failed"]').count(), 1, 'failed steps of the history');
      await page.waitForFunction(() => (document.querySelector('.pictures figure:nth-child(2) img')?.naturalWidth ?? 0) > 0
        || document.querySelector('.pictures [data-state="elsewhere"]'));
    }),
  },
  {
    name: 'A job that is not there is said to be not there',
    run: (ctx) => ctx.watch.during(/404 .*\/v1\/jobs\//, () => withWindow(ctx, {}, async (page) => {
      await goTo(ctx, page, '#/jobs?job=00000000-0000-7000-8000-000000000000');
      await page.getByRole('dialog').getByText('There is no such job').waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      ok(!page.url().includes('job='), 'the closed drawer is still in the address');
    })),
  },
];
