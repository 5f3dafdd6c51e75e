// Light or dark: the system's preference until the reader chooses; the choice is kept in this browser.

export type Theme = 'light' | 'dark';
const KEY = 'selvage.theme';
const system = matchMedia('(prefers-color-scheme: dark)');

export function theme(): Theme {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === 'light' || chosen === 'dark') return chosen;
  return system.matches ? 'dark' : 'light';
}

/** The same as the system's preference is kept as no choice, so that the page follows the system again. */
export function toggleTheme(): Theme {
  const next: Theme = theme() === 'dark' ? 'light' : 'dark';
  const follow = next === (system.matches ? 'dark' : 'light');
  if (follow) delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  try {
    if (follow) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, next);
  } catch {
    // Storage can be forbidden; the choice then lasts as long as the page.
  }
  dispatchEvent(new Event('themechange'));
  return next;
}

system.addEventListener('change', () => dispatchEvent(new Event('themechange')));
