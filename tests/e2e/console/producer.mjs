// The other side of the tests: what a store's server does with its API key, and the pictures it sends.

import { setTimeout as sleep } from 'node:timers/promises';

export class Producer {
  constructor(url, key) {
    this.url = url;
    this.key = key;
  }

  async call(path, init = {}) {
    const response = await fetch(`${this.url}${path}`, { ...init, headers: { authorization: `Bearer ${this.key}`, ...init.headers } });
    const body = await response.json().catch(() => null);
    return { status: response.status, body };
  }

  /** The owner that the key belongs to. */
  async owner() {
    const { status, body } = await this.call('/v1/credits');
    if (status !== 200) throw new Error(`GET /v1/credits answered ${status}: ${JSON.stringify(body)}`);
    return body;
  }

  async submitPictures({ person, garment }) {
    const form = new FormData();
    form.append('person', new Blob([person], { type: 'image/png' }), 'person.png');
    form.append('garment', new Blob([garment], { type: 'image/png' }), 'garment.png');
    return this.call('/v1/jobs', { method: 'POST', body: form });
  }

  submitAddresses(person, garment) {
    return this.call('/v1/jobs', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ person_image_url: person, garment_image_urls: [garment] }),
    });
  }

  /** The job once it has ended, or as it is after `limitMs`. */
  async ended(id, limitMs) {
    const until = Date.now() + limitMs;
    for (;;) {
      const { body } = await this.call(`/v1/jobs/${id}`);
      if (body?.status === 'completed' || body?.status === 'failed' || Date.now() > until) return body;
      await sleep(200);
    }
  }

  /**
   * A job that is accepted and then fails, or why there can be none. A server may refuse at the door what another one
   * notices at work, so there are two ways to try.
   */
  async submitFailing(pictures, limitMs) {
    const ways = [
      () => this.submitPictures({ ...pictures, person: pictures.person.subarray(0, pictures.person.length / 2) }),
      () => this.submitAddresses('https://person.selvage-e2e.invalid/p.png', 'https://garment.selvage-e2e.invalid/g.png'),
    ];
    const refusals = [];
    for (const submit of ways) {
      const { status, body } = await submit();
      if (status !== 202) {
        refusals.push(`${status} ${body?.code ?? ''}`);
        continue;
      }
      const job = await this.ended(body.id, limitMs);
      if (job.status === 'failed') return { job };
      refusals.push(`a job is ${job.status}`);
    }
    return { skip: `nothing that fails is accepted (${refusals.join(', ')})` };
  }
}

/** A person and a garment, drawn by the browser out of plain boxes. */
export async function drawPictures(browser) {
  const page = await browser.newPage({ viewport: { width: 480, height: 640 } });
  const draw = async (boxes) => {
    await page.setContent('<body style="margin:0;background:#dfe4ec"></body>');
    await page.evaluate((list) => {
      for (const [left, top, width, height, color, radius] of list) {
        const box = document.createElement('div');
        Object.assign(box.style, { position: 'absolute', left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px`, background: color, borderRadius: radius ?? '0' });
        document.body.append(box);
      }
    }, boxes);
    return page.screenshot({ type: 'png' });
  };
  const skin = '#a86f4c';
  const person = await draw([
    [205, 60, 70, 90, skin, '50%'], [225, 140, 30, 40, skin], [170, 175, 140, 190, '#cfd3da', '24px'],
    [135, 185, 34, 190, skin, '16px'], [311, 185, 34, 190, skin, '16px'],
    [178, 355, 58, 240, '#333f5e', '10px'], [244, 355, 58, 240, '#333f5e', '10px'],
  ]);
  const garment = await draw([
    [150, 150, 180, 260, '#b3364a', '18px'], [95, 160, 60, 120, '#b3364a', '18px'], [325, 160, 60, 120, '#b3364a', '18px'],
  ]);
  await page.close();
  return { person, garment };
}
