import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { equal, ok, skip } from '../assert.mjs';
import { goTo, withWindow } from '../browser.mjs';

const PERSON = fileURLToPath(new URL('../../../../samples/person-1.jpg', import.meta.url));
const GARMENT = fileURLToPath(new URL('../../../../samples/garment-1.png', import.meta.url));

// Without the pose models there is no answer to look at.
async function needsSizing(ctx, page) {
  const answer = await page.evaluate(async () => {
    const form = new FormData();
    form.append('height_cm', '170');
    return (await fetch('/estimate-body', { method: 'POST', body: form, headers: { 'x-selvage-console': '1' } })).status;
  });
  if (answer === 404 || answer === 503) skip(`SKIPPED: body sizing does not run here (HTTP ${answer})`);
}

async function shot(ctx, page, name) {
  if (ctx.shots) await page.screenshot({ path: join(ctx.shots, `${name}.png`) });
}

async function ask(page, photo, height = '176') {
  await page.locator('#size-file').setInputFiles(photo);
  await page.getByLabel('Height in cm').fill(height);
  await page.getByRole('button', { name: 'Tell the size' }).click();
}

const quiet = /(400|404|422|503) .*\/estimate-body/;

export const sizing = [
  {
    name: 'A photo and a height become a size, with the skeleton, the measurements and the reason',
    run: (ctx) => ctx.watch.during(quiet, () => withWindow(ctx, { width: 1360, height: 1120, reduced: true }, async (page) => {
      await goTo(ctx, page, '#/sizing');
      await needsSizing(ctx, page);
      await ask(page, PERSON);
      await page.locator('.size-answer').waitFor();
      ok(/^Size \S+$/.test(await page.locator('#size-title').innerText()), 'no size is shown');
      equal(await page.locator('.size-measures tbody tr').count(), 6, 'measurements');
      ok(/decides in the chart/.test(await page.locator('.size-answer').innerText()), 'the reason is missing');
      ok(await page.locator('.body-figure .bone').count() >= 15, 'the skeleton is not drawn');
      equal(await page.locator('.body-figure .measure-label').count(), 6, 'labels of measuring lines');
      const boxes = await page.evaluate(() => ['canvas', 'svg'].map((one) => document.querySelector(`.body-figure ${one}`).getBoundingClientRect()).map(({ x, y, width, height }) => [x, y, width, height].map(Math.round)));
      equal(boxes[0], boxes[1], 'the drawing does not lie on the photo');
      equal(await page.evaluate(() => document.activeElement.id), 'size-title', 'what has focus');
      await page.locator('.size-measures tr[data-measure=waist]').hover();
      equal(await page.locator('.measure-line.marked').getAttribute('data-measure'), 'waist', 'the line that is brought out');
      await shot(ctx, page, 'sizing-desktop-light');
    })),
  },
  {
    name: 'A photo without a person is refused with the reason and how to do better',
    run: (ctx) => ctx.watch.during(quiet, () => withWindow(ctx, { scheme: 'dark', reduced: true }, async (page) => {
      await goTo(ctx, page, '#/sizing');
      await needsSizing(ctx, page);
      await ask(page, GARMENT);
      const box = page.locator('.problem');
      await box.waitFor();
      const text = await box.innerText();
      for (const part of ['No size from this photo', 'person', 'sizing.no_person']) ok(text.includes(part), `"${part}" is not shown`);
      equal(await page.locator('.size-answer').count(), 0, 'sizes beside the refusal');
      await shot(ctx, page, 'sizing-refused-dark');
    })),
  },
  {
    name: 'A photo can be dropped, and the size be had with the keyboard alone',
    run: (ctx) => ctx.watch.during(quiet, () => withWindow(ctx, { width: 360, height: 740, reduced: true }, async (page) => {
      await goTo(ctx, page, '#/sizing');
      await needsSizing(ctx, page);
      ok(await page.getByRole('button', { name: 'Tell the size' }).isDisabled(), 'a size can be asked for without a photo');
      const transfer = await page.evaluateHandle(async (base64) => {
        const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
        const data = new DataTransfer();
        data.items.add(new File([bytes], 'me.jpg', { type: 'image/jpeg' }));
        return data;
      }, readFileSync(PERSON).toString('base64'));
      await page.dispatchEvent('.drop', 'drop', { dataTransfer: transfer });
      await page.locator('.body-figure canvas').waitFor();
      equal(await page.evaluate(() => document.activeElement.id), 'size-height', 'what has focus once there is a photo');
      await page.keyboard.type('176');
      await page.keyboard.press('Enter');
      await page.locator('.size-answer').waitFor();
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      equal(wide, 0, 'what is wider than the window');
      await shot(ctx, page, 'sizing-phone-light');
    })),
  },
  {
    name: 'A height out of range is not sent, and an older answer does not stay beside a new photo',
    run: (ctx) => ctx.watch.during(quiet, () => withWindow(ctx, { reduced: true }, async (page) => {
      await goTo(ctx, page, '#/sizing');
      await needsSizing(ctx, page);
      let asked = 0;
      page.on('request', (request) => { asked += request.url().includes('/estimate-body'); });
      await ask(page, PERSON, '17');
      await page.waitForTimeout(300);
      equal(asked, 0, 'requests with a height of 17 cm');
      await ask(page, PERSON, '176');
      await page.locator('.size-answer').waitFor();
      await page.locator('#size-file').setInputFiles(GARMENT);
      await page.locator('.size-answer').waitFor({ state: 'detached' });
      equal(await page.locator('.body-figure svg').count(), 0, 'the old drawing on the new photo');
    })),
  },
];
