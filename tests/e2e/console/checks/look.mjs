import { equal, ok, skip } from '../assert.mjs';
import { PAGES, goTo, withWindow } from '../browser.mjs';

const NARROW = { width: 360, height: 740 };

const wide = (page) => page.evaluate(() => {
  const limit = document.documentElement.clientWidth;
  const over = [...document.querySelectorAll('body *')].filter((one) => {
    const box = one.getBoundingClientRect();
    return box.width > 1 && box.right > limit + 0.5 && one.checkVisibility() && !one.closest('.unseen, .skip, svg');
  });
  return { scroll: document.documentElement.scrollWidth - limit, over: over.slice(0, 3).map((one) => `${one.tagName}.${one.className}`) };
});

// The text of the page that has too little contrast (WCAG 2.2 AA: 4.5, large text 3).
const faint = (page) => page.evaluate(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], under) => [r, g, b].map((value, i) => value * a + under[i] * (1 - a));
  const background = (element) => {
    const layers = [];
    for (let one = element; one; one = one.parentElement) {
      const color = rgba(getComputedStyle(one).backgroundColor);
      if (color[3] > 0) layers.push(color);
      if (color[3] === 1) break;
    }
    return layers.reduceRight((under, layer) => over(layer, under), [255, 255, 255]);
  };
  const light = (color) => {
    const [r, g, b] = color.map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const bad = [];
  let seen = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility({ opacityProperty: true }) || element.closest('.unseen, .skip, :disabled, option, .tabs .full')) continue;
    const style = getComputedStyle(element);
    const under = background(element);
    const opacity = [...function* up() { for (let one = element; one; one = one.parentElement) yield Number(getComputedStyle(one).opacity); }()].reduce((a, b) => a * b, 1);
    const ink = rgba(style.color);
    const text = over([...ink.slice(0, 3), ink[3] * opacity], under);
    const [a, b] = [light(text), light(under)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    seen += 1;
    if (ratio < (large ? 3 : 4.5)) bad.push(`"${walker.currentNode.data.trim().slice(0, 24)}" ${ratio.toFixed(2)}`);
  }
  return { seen, bad: [...new Set(bad)].slice(0, 5) };
});

async function openDrawer(ctx, page, status) {
  await goTo(ctx, page, `#/jobs?status=${status}`);
  const link = page.locator('a.job-link').first();
  if (await link.count() === 0) return false;
  await link.click();
  await page.getByRole('dialog').locator('.facts').waitFor();
  return true;
}

export const look = [
  ...PAGES.map((name) => ({
    name: `At 360 px nothing of ${name} is wider than the window`,
    run: (ctx) => withWindow(ctx, NARROW, async (page) => {
      await goTo(ctx, page, `#/${name}`);
      await page.waitForTimeout(400);
      equal(await wide(page), { scroll: 0, over: [] }, name);
    }),
  })),
  {
    name: 'At 360 px the drawer and the sign-in fit',
    run: (ctx) => withWindow(ctx, { ...NARROW, reduced: true }, async (page) => {
      for (const status of ['completed', 'failed']) {
        if (!await openDrawer(ctx, page, status)) continue;
        equal(await wide(page), { scroll: 0, over: [] }, `the drawer of a ${status} job`);
        await page.keyboard.press('Escape');
      }
      await page.context().clearCookies();
      await ctx.watch.during(/401 /, async () => {
        await page.reload();
        await page.getByLabel('One-time code').waitFor();
        equal(await wide(page), { scroll: 0, over: [] }, 'the sign-in');
      });
    }),
  },
  ...['light', 'dark'].map((scheme) => ({
    name: `All text has AA contrast in the ${scheme} theme`,
    run: (ctx) => withWindow(ctx, { scheme, reduced: true }, async (page) => {
      let seen = 0;
      const test = async (where) => {
        await page.waitForTimeout(300);
        const result = await faint(page);
        seen += result.seen;
        equal(result.bad, [], where);
      };
      for (const name of PAGES) {
        await goTo(ctx, page, `#/${name}`);
        await test(name);
      }
      for (const status of ['completed', 'failed']) if (await openDrawer(ctx, page, status)) await test(`the drawer of a ${status} job`);
      ok(seen > 200, `only ${seen} texts were seen`);
    }),
  })),
  {
    name: 'The theme button wins over the system and is remembered',
    run: (ctx) => withWindow(ctx, { scheme: 'light' }, async (page) => {
      await goTo(ctx, page, '#/overview');
      const cloth = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
      const day = await cloth();
      await page.getByRole('button', { name: 'Use the dark theme' }).click();
      const night = await cloth();
      ok(day !== night, 'the button changes nothing');
      await page.reload();
      await page.getByRole('button', { name: 'Use the light theme' }).waitFor();
      equal(await cloth(), night, 'the background after a reload');
      await page.getByRole('button', { name: 'Use the light theme' }).click();
      equal(await cloth(), day, 'the background by day again');
    }),
  },
  {
    name: 'Who asks for less motion gets none',
    run: (ctx) => withWindow(ctx, { reduced: true }, async (page) => {
      for (const name of ['jobs', 'overview']) {
        await goTo(ctx, page, `#/${name}`);
        equal(await page.evaluate(() => document.getAnimations().length), 0, `animations of ${name}`);
      }
    }),
  },
  {
    name: 'A narrow window shows cards, with the table still a table for screen readers',
    run: (ctx) => withWindow(ctx, NARROW, async (page) => {
      await goTo(ctx, page, '#/jobs');
      if (await page.locator('.jobs tbody tr').count() === 0) skip('there is no job');
      ok(await page.getByRole('table', { name: 'Jobs, newest first' }).count() === 1, 'the table has lost its role');
      ok(await page.getByRole('table').getByRole('row').count() > 1, 'the rows have lost theirs');
      const { width } = await page.locator('.jobs tbody tr').first().boundingBox();
      ok(width <= 340, `a card is ${width} px wide`);
    }),
  },
];
