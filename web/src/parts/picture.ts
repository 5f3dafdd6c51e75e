// Pictures by signed addresses that expire.
//
// The same picture comes with a new signature in every answer. It is loaded again only when it is another object, and once
// with a fresh address when the browser could not load it. Pictures on other hosts than this and the storage's are
// never loaded (the page's policy forbids it, and it would tell those hosts who looks): they are shown as links.

import { h } from '../dom';
import { icon } from './icon';

let storageOrigin = '';

/** `origin` is where the service's own pictures lie, '' for this host. */
export function setStorageOrigin(origin: string): void {
  storageOrigin = origin;
}

/** The address on this host or in its storage, or null when it is on another. */
export function ownAddress(url: string, base = location.href): string | null {
  let parsed: URL;
  try {
    parsed = new URL(url, base);
  } catch {
    return null;
  }
  const here = new URL(base);
  const stored = parsed.pathname.startsWith('/files/') && parsed.searchParams.has('signature');
  if (parsed.origin === here.origin || stored) return parsed.pathname + parsed.search;
  if (storageOrigin && parsed.origin === storageOrigin) return parsed.href;
  return null;
}

function objectOf(url: string): string {
  return url.split('?', 1)[0] ?? url;
}

export class Picture {
  readonly element = h('div', { class: 'picture' });
  private object: string | null = null;
  private triedAgain = false;

  /** `renew` fetches a fresh address for the same picture. */
  constructor(
    private readonly alt: string,
    private readonly renew?: () => Promise<string | null>,
    private readonly lazy = true,
    private readonly missing = '', // said in the place of a picture that does not load
  ) {}

  set(url: string | null): void {
    if (!url) {
      if (this.object === null && this.element.dataset.state) return;
      this.object = null;
      this.swatch('none');
      return;
    }
    if (objectOf(url) === this.object) return;
    this.object = objectOf(url);
    this.triedAgain = false;
    this.load(url);
  }

  /** Says `why` in the place of a picture that is not there any more. One that is shown stays in sight. */
  gone(why: string): void {
    if (this.element.dataset.state === 'shown') return;
    this.object = null;
    this.element.dataset.state = 'none';
    this.element.replaceChildren(h('span', { class: 'hint' }, why));
  }

  private load(url: string): void {
    const address = ownAddress(url);
    if (!address) {
      this.elsewhere(url);
      return;
    }
    const image = h('img', { alt: this.alt, decoding: 'async', loading: this.lazy ? 'lazy' : 'eager' });
    this.element.dataset.state = 'loading';
    image.addEventListener('load', () => {
      this.element.dataset.state = 'shown';
    });
    image.addEventListener('error', () => void this.broken());
    image.src = address;
    this.element.replaceChildren(image);
  }

  private async broken(): Promise<void> {
    const wanted = this.object;
    if (this.renew && !this.triedAgain) {
      this.triedAgain = true;
      const fresh = await this.renew().catch(() => null);
      if (wanted !== this.object) return;
      if (fresh) {
        this.load(fresh);
        return;
      }
    }
    this.swatch('broken');
  }

  private swatch(state: 'none' | 'broken'): void {
    this.element.dataset.state = state;
    this.element.replaceChildren();
    if (state === 'broken' && this.missing) {
      this.element.append(h('span', { class: 'hint' }, this.missing));
    } else if (state === 'broken') {
      this.element.append(h('span', { class: 'unseen' }, `${this.alt}: the picture could not be loaded`));
    }
  }

  private elsewhere(url: string): void {
    this.element.dataset.state = 'elsewhere';
    let host = '';
    try {
      host = new URL(url).host;
    } catch {
      this.element.replaceChildren(h('span', { class: 'hint' }, 'Not an address'));
      return;
    }
    const safe = /^https?:/i.test(url);
    const label = h('span', null, host);
    this.element.replaceChildren(
      safe
        ? h('a', { href: url, target: '_blank', rel: 'noopener noreferrer', title: url }, icon('link'), label)
        : label,
    );
  }
}
