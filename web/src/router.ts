// Hash routing: #/jobs?status=failed&job=ID. The page's filters live in the address, so a view can be reloaded and sent.

export const PAGES = ['jobs', 'overview', 'failed', 'credits', 'webhooks', 'sizing', 'dead'] as const;
export type PageName = (typeof PAGES)[number];

export interface Route {
  page: PageName;
  params: Readonly<Record<string, string>>;
}

export function parseRoute(hash: string): Route {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const page = PAGES.find((name) => name === path) ?? 'jobs';
  return { page, params: Object.fromEntries(new URLSearchParams(search)) };
}

export function formatRoute(page: PageName, params: Record<string, string | undefined> = {}): string {
  const used = Object.entries(params).filter((entry): entry is [string, string] => !!entry[1]);
  const search = new URLSearchParams(used).toString();
  return `#/${page}${search ? `?${search}` : ''}`;
}

/** The one-time code of a sign-in link, which is taken out of the address bar and the history at once. */
export function takeLoginCode(): string | null {
  const match = /^#login=(.+)$/.exec(location.hash);
  if (!match?.[1]) return null;
  history.replaceState(null, '', location.pathname + location.search);
  try {
    return decodeURIComponent(match[1]);
  } catch {
    return match[1];
  }
}

export function currentRoute(): Route {
  return parseRoute(location.hash);
}

/** Changes some parameters of the present page; an undefined one is removed. */
export function setParams(changes: Record<string, string | undefined>, replace = false): void {
  const { page, params } = currentRoute();
  const hash = formatRoute(page, { ...params, ...changes });
  if (hash === location.hash) return;
  if (!replace) {
    location.hash = hash;
    return;
  }
  history.replaceState(history.state, '', hash);
  dispatchEvent(new HashChangeEvent('hashchange'));
}
