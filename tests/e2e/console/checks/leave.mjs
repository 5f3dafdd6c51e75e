import { equal } from '../assert.mjs';
import { goTo, withWindow } from '../browser.mjs';

export const leave = [
  {
    name: 'Signing out takes the cookie away and comes back to the sign-in',
    run: (ctx) => withWindow(ctx, {}, async (page) => {
      await goTo(ctx, page, '#/jobs');
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByText('You are signed out.').waitFor();
      const left = (await page.context().cookies()).filter(({ name, value }) => name === 'selvage_console' && value !== '');
      equal(left.length, 0, 'session cookies after signing out');
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
