import { equal, ok, skip } from '../assert.mjs';
import { PAGES, goTo, withWindow } from '../browser.mjs';

const MAX_STOPS = 400;

// What has focus: its name, and whether a reader can see that it has it.
const focused = (page) => page.evaluate(() => {
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  element.dataset.visited = '1';
  const shown = (style) => style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1;
  const box = element.getBoundingClientRect();
  return {
    name: element.getAttribute('aria-label') || element.textContent.trim().slice(0, 40) || element.id || element.tagName,
    visible: shown(getComputedStyle(element)) || shown(getComputedStyle(element, '::after')) || element.classList.contains('skip'),
    inView: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
  };
});

const missed = (page) => page.evaluate(() => [...document.querySelectorAll('a[href], button, input, select, summary, [tabindex="0"]')]
  .filter((one) => one.tabIndex >= 0 && !one.disabled && one.checkVisibility() && !one.dataset.visited)
  .map((one) => one.getAttribute('aria-label') || one.textContent.trim().slice(0, 40) || one.id));

export const keyboard = [
  {
    name: 'The first stop skips to the content',
    run: (ctx) => withWindow(ctx, {}, async (page) => {
      await goTo(ctx, page, '#/jobs');
      await page.keyboard.press('Tab');
      const first = await focused(page);
      equal(first?.name, 'Skip to the content', 'the first stop');
      ok(first.inView, 'the skip link stays out of view');
      await page.keyboard.press('Enter');
      equal(await page.evaluate(() => document.activeElement.tagName), 'H1', 'where it skips to');
    }),
  },
  {
    name: 'Arrow keys, Home and End go through the tabs',
    run: (ctx) => withWindow(ctx, {}, async (page) => {
      await goTo(ctx, page, '#/jobs');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Tab');
      for (const name of [...PAGES.slice(1), PAGES[0]]) {
        await page.keyboard.press('ArrowRight');
        await page.waitForFunction((one) => location.hash.startsWith(`#/${one}`) && document.activeElement.id === `tab-${one}`, name);
      }
      await page.keyboard.press('End');
      await page.waitForFunction(() => location.hash.startsWith('#/dead'));
      await page.keyboard.press('Home');
      await page.waitForFunction(() => location.hash.startsWith('#/jobs'));
      equal(await page.locator('[role=tab][tabindex="0"]').count(), 1, 'stops in the tab list');
    }),
  },
  ...PAGES.map((name) => ({
    name: `Every control of ${name} is reached by Tab, with a visible focus`,
    run: (ctx) => ctx.watch.during(/net::ERR_FAILED/, () => withWindow(ctx, { height: 2_400 }, async (page) => {
      // The page is held still: what arrives in the middle of the walk would move the stops.
      await page.route('**/v1/console/events', (route) => route.abort('failed'));
      await goTo(ctx, page, `#/${name}`);
      let stops = 0;
      for (; stops < MAX_STOPS; stops += 1) {
        await page.keyboard.press('Tab');
        const at = await focused(page);
        if (!at) break;
        ok(at.visible, `"${at.name}" shows no focus`);
        ok(at.inView, `"${at.name}" is focused out of view`);
      }
      ok(stops > 4 && stops < MAX_STOPS, `the walk ended after ${stops} stops`);
      equal(await missed(page), [], 'controls that Tab does not reach');
    })),
  })),
  {
    name: 'Enter opens the drawer, Tab stays in it, Escape gives focus back',
    run: (ctx) => withWindow(ctx, {}, async (page) => {
      await goTo(ctx, page, '#/jobs?status=completed');
      const link = page.locator('a.job-link').first();
      if (await link.count() === 0) skip('there is no completed job');
      const id = await link.getAttribute('title');
      await link.focus();
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').locator('.facts').waitFor();
      for (let i = 0; i < 12; i += 1) {
        await page.keyboard.press('Tab');
        ok(await page.evaluate(() => document.activeElement === document.body || document.querySelector('dialog').contains(document.activeElement)), 'focus left the drawer');
      }
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      equal(await page.evaluate(() => document.activeElement.title), id, 'what has focus after Escape');
    }),
  },
];
