import { join } from 'node:path';
import { goTo, withWindow } from '../browser.mjs';

const WINDOWS = {
  'desktop-light': { width: 1360, height: 860, scheme: 'light' },
  'desktop-dark': { width: 1360, height: 860, scheme: 'dark' },
  'phone-light': { width: 360, height: 760, scheme: 'light' },
};

export const shots = Object.entries(WINDOWS).map(([window, options]) => ({
  name: `Pictures of Jobs and Overview, ${window}`,
  run: (ctx) => withWindow(ctx, { ...options, reduced: true }, async (page) => {
    for (const name of ['jobs', 'overview']) {
      await goTo(ctx, page, `#/${name}`);
      await page.waitForTimeout(1_500);
      await page.waitForLoadState('networkidle', { timeout: 2_000 }).catch(() => {}); // the stream never rests
      await page.screenshot({ path: join(ctx.shots, `${name}-${window}.png`) });
    }
  }),
}));
