import { equal, ok } from '../assert.mjs';
import { openWindow, withWindow } from '../browser.mjs';

const REFUSED = /401 .*\/v1\/console\/(session|login)/;

export const signIn = [
  {
    name: 'The page comes with a policy that allows no inline code',
    async run(ctx) {
      const response = await fetch(`${ctx.url}/console/`);
      equal(response.status, 200, 'GET /console/');
      const policy = response.headers.get('content-security-policy') ?? '';
      ok(policy.includes("default-src 'none'"), `the policy does not begin with nothing: "${policy}"`);
      ok(!/unsafe-|\*/.test(policy), `the policy is loose: "${policy}"`);
      ok(policy.includes("frame-ancestors 'none'"), 'the console may be framed');
      const html = await response.text();
      ok(!/<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=/i.test(html), 'the page holds inline code or style');
    },
  },
  {
    name: 'A wrong code is refused with a sentence and a request id',
    run: (ctx) => ctx.watch.during(REFUSED, () => withWindow(ctx, { state: undefined }, async (page) => {
      await page.goto(`${ctx.url}/console/`);
      await page.getByLabel('One-time code').fill('certainly-wrong');
      await page.getByRole('button', { name: 'Sign in' }).click();
      const problem = page.locator('.problem');
      await problem.waitFor();
      ok((await problem.innerText()).includes('does not work'), 'the refusal is not explained');
      ok(await problem.getByText('Request').count(), 'the refusal has no request id');
    })),
  },
  {
    name: 'A sign-in link signs in and vanishes from the address bar',
    async run(ctx) {
      const page = await openWindow(ctx, { state: undefined });
      await page.goto(`${ctx.url}/console/#login=${encodeURIComponent(ctx.login)}`);
      await page.getByRole('tablist').waitFor();
      ok(!page.url().includes('login'), `the code is still in the address: ${page.url()}`);
      ctx.state = await page.context().storageState();
      const cookie = ctx.state.cookies.find(({ name }) => name === 'selvage_console');
      ok(cookie, 'there is no session cookie');
      equal([cookie.httpOnly, cookie.sameSite], [true, 'Strict'], 'HttpOnly and SameSite of the cookie');
      equal(await page.evaluate(() => document.cookie), '', 'cookies that scripts can read');
      await page.reload();
      await page.getByRole('tablist').waitFor();
      await page.context().close();
    },
  },
  {
    name: 'A sign-in link works once',
    run: (ctx) => ctx.watch.during(REFUSED, () => withWindow(ctx, { state: { cookies: [], origins: [] } }, async (page) => {
      await page.goto(`${ctx.url}/console/#login=${encodeURIComponent(ctx.login)}`);
      await page.locator('.problem').waitFor();
      equal(await page.getByRole('tablist').count(), 0, 'tab lists after a used code');
    })),
  },
];
