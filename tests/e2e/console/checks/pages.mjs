import { equal, ok, skip } from '../assert.mjs';
import { PAGES, goTo, withWindow } from '../browser.mjs';

export const pages = [
  {
    name: 'Overview shows counts, workers, the ledger and two charts with lines in them',
    run: (ctx) => withWindow(ctx, {}, async (page) => {
      await goTo(ctx, page, '#/overview');
      await page.waitForFunction(() => [...document.querySelectorAll('.count .number')].every((one) => /^\d/.test(one.textContent)));
      ok(await page.locator('.workers tbody tr').count() > 0, 'no worker is shown');
      ok(/Exact/.test(await page.locator('.ledger').innerText()), 'the ledger is not exact');
      ok(await page.locator('.health li').count() > 0, 'no part is shown');
      await page.waitForFunction(() => document.querySelectorAll('.plot canvas').length === 2);
      await page.waitForTimeout(500);
      const painted = await page.locator('.plot canvas').evaluateAll((canvases) => canvases.map((canvas) => {
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        const colors = new Set();
        for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 200) colors.add(`${data[i] >> 4},${data[i + 1] >> 4},${data[i + 2] >> 4}`);
        return colors.size;
      }));
      ok(painted.every((colors) => colors > 3), `a chart is blank: ${painted} colours`);
    }),
  },
  {
    name: 'Dead letters show why and what, and can be revived',
    run: (ctx) => withWindow(ctx, {}, async (page) => {
      await goTo(ctx, page, '#/dead');
      const letters = page.locator('.letter');
      if (await letters.count() === 0) {
        await page.getByText('No dead letters').waitFor();
        skip('the queue has no dead task; the empty page is right');
      }
      const first = letters.first();
      const id = await first.getAttribute('data-task');
      await first.getByText('Payload').click();
      ok((await first.locator('pre').innerText()).includes('\n'), 'the payload is not laid out');
      await first.getByRole('button', { name: /^Revive/ }).click();
      await page.locator(`[data-task="${id}"]`).waitFor({ state: 'detached' });
      await page.locator('.toast', { hasText: 'Revived' }).waitFor();
    }),
  },
  {
    name: 'What users write stays text',
    run: (ctx) => withWindow(ctx, {}, async (page) => {
      const owner = '<img src=x onerror=alert(1)>';
      await ctx.watch.during(/(400|422) .*\/v1\/console\/credits/, async () => {
        await goTo(ctx, page, '#/credits');
        await page.getByLabel('Owner', { exact: true }).fill(owner);
        await page.getByLabel('Reason').fill('<b>bold</b>');
        await page.getByRole('button', { name: 'Grant credits' }).click();
        await page.locator('.toast').first().waitFor();
      });
      equal(await page.locator('main img, main b, .toasts img, .toasts b').count(), 0, 'elements made of text');
    }),
  },
  {
    name: 'An error of the server is shown with its hint and request id, and the page recovers',
    run: (ctx) => ctx.watch.during(/503/, () => withWindow(ctx, {}, async (page) => {
      const problem = { title: 'Unavailable', status: 503, detail: 'The database is away', code: 'db.unavailable', hint: 'Look at the disk', request_id: 'req_e2e' };
      await page.route('**/v1/jobs?*', (route) => route.fulfill({ status: 503, contentType: 'application/problem+json', body: JSON.stringify(problem) }));
      await page.goto(`${ctx.url}/console/#/jobs`);
      const box = page.locator('.problem');
      await box.waitFor();
      const text = await box.innerText();
      for (const part of ['The database is away', 'Look at the disk', 'req_e2e', 'db.unavailable']) ok(text.includes(part), `"${part}" is not shown`);
      // A job that arrives live must not pass for the whole list.
      const { body: job } = await ctx.producer.submitPictures(ctx.pictures);
      await ctx.producer.ended(job.id, 30_000);
      await page.waitForTimeout(600);
      equal(await page.locator('.jobs tbody tr').count(), 0, 'rows beside the error');
      await page.unroute('**/v1/jobs?*');
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.locator(`tr[data-job="${job.id}"]`).waitFor();
      await box.waitFor({ state: 'detached' });
    })),
  },
  {
    name: 'An empty server says on every page what to do',
    run: (ctx) => withWindow(ctx, {}, async (page) => {
      const empty = { jobs: { jobs: [], next_cursor: null }, credits: { balances: [] }, dead: { tasks: [] } };
      await page.route('**/v1/jobs?*', (route) => route.fulfill({ json: empty.jobs }));
      await page.route('**/v1/console/credits', (route) => route.fulfill({ json: empty.credits }));
      await page.route('**/v1/console/dead?*', (route) => route.fulfill({ json: empty.dead }));
      await page.route('**/v1/webhooks', (route) => route.fulfill({ json: { webhooks: [] } }));
      await page.route('**/v1/webhooks/deliveries?*', (route) => route.fulfill({ json: { deliveries: [], next_cursor: null } }));
      await page.route('**/v1/console/events', (route) => route.fulfill({ contentType: 'text/event-stream', body: ': quiet\n\n' }));
      await goTo(ctx, page, '#/jobs');
      ok((await page.locator('.command').innerText()).includes(`curl ${ctx.url}/v1/jobs`), 'the command to submit a job is not shown');
      for (const name of PAGES.filter((one) => one !== 'overview')) {
        await goTo(ctx, page, `#/${name}`);
        await page.locator('.empty').waitFor();
      }
    }),
  },
];
