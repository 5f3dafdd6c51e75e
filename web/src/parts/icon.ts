// Line icons on a 16 px grid, drawn here.

import { svg } from '../dom';

const PATHS = {
  sun: 'M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6zM8 1v1.6M8 13.4V15M1 8h1.6M13.4 8H15M3 3l1.2 1.2M11.8 11.8 13 13M13 3l-1.2 1.2M4.2 11.8 3 13',
  moon: 'M13.4 9.8A5.8 5.8 0 0 1 6.2 2.6a5.8 5.8 0 1 0 7.2 7.2z',
  close: 'm4 4 8 8M12 4l-8 8',
  copy: 'M5.5 5.5h7v8h-7zM3.5 10.5v-8h7',
  check: 'm3 8.5 3.2 3.2L13 5',
  retry: 'M13 8a5 5 0 1 1-1.6-3.7M13.2 2v3h-3',
  leave: 'M9.5 3H3.5v10h6M7 8h7m-2.5-2.5L14 8l-2.5 2.5',
  link: 'M6.5 3.5h-3v9h9v-3M9.5 3h3.5v3.5M13 3 7.5 8.5',
  jobs: 'M2.5 3.5h4v9h-4zM9 4.5h4.5M9 8h4.5M9 11.5h4.5',
  overview: 'M2 12.5 5.5 8l3 2.5L14 4M2 14.5h12',
  failed: 'M8 2.5 14.2 13H1.8zM8 6.5v3M8 11v.6',
  credits: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM8 5.2v5.6M6.2 9.5c.3.8 1 1.2 1.9 1.2 1 0 1.8-.5 1.8-1.4 0-2-3.6-.7-3.6-2.6 0-.9.8-1.4 1.7-1.4.9 0 1.5.4 1.8 1.1',
  webhooks: 'M8 2.5c2.4 0 3.7 1.8 3.7 4v2.6l1.3 2H3l1.3-2V6.5c0-2.2 1.3-4 3.7-4zM6.6 13.2c.3.6.8.9 1.4.9s1.1-.3 1.4-.9',
  sizing: 'M2 5.5h12v5H2zM4.5 5.5v2M7 5.5v3M9.5 5.5v2M12 5.5v3',
  dead: 'M2 4.5h12v8H2zM2 4.5l6 4.5 6-4.5',
} as const;

export type IconName = keyof typeof PATHS;

export function icon(name: IconName, size = 16): SVGSVGElement {
  const root = svg(16, 16, [
    'path',
    {
      d: PATHS[name],
      fill: 'none',
      stroke: 'currentColor',
      'stroke-width': 1.4,
      'stroke-linecap': 'round',
      'stroke-linejoin': 'round',
    },
  ]);
  root.setAttribute('width', String(size));
  root.setAttribute('height', String(size));
  root.classList.add('icon');
  return root;
}
