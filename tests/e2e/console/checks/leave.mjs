import { equal } from '../assert.mjs';
import { goTo, withWindow } from '../browser.mjs';

export const leave = [
  {
    name: 'Signing out ends the session, here and on the server',
    run: (ctx) => withWindow(ctx, {}, async (page) => {
      await goTo(ctx, page, '#/jobs');
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByText('You are signed out.').waitFor();
      const old = ctx.state.cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
      const answer = await fetch(`${ctx.url}/v1/console/session`, { headers: { cookie: old } });
      equal(answer.status, 401, 'GET /v1/console/session with the old cookie');
      await ctx.watch.during(/401 /, async () => {
        await page.reload();
        await page.getByLabel('One-time code').waitFor();
      });
    }),
  },
  {
    name: 'Nothing broke the policy, no script failed, nothing was asked of another host',
    run: (ctx) => equal(ctx.watch.troubles, [], 'what the browser complained of'),
  },
];
