// A time chart: lines over the last half hour, drawn by uPlot, with a legend in words that follows the pointer.

import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { h, setText } from '../dom';

export interface Series {
  name: string;
  color: string; // a custom property of the theme: "--series-1"
  filled?: boolean;
}

export interface ChartOptions {
  title: string;
  series: readonly Series[];
  format: (value: number) => string;
  axisFormat?: (value: number) => string;
  whole?: boolean; // only whole numbers mean something
  /** The top of the vertical axis is never below this, so that a quiet queue does not look dramatic. */
  atLeast: number;
}

// A line is drawn across this many missing points; a longer silence is a gap.
const BRIDGED = 6;
const HEIGHT = 190;
const WHOLE = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000];

export class Chart {
  readonly element: HTMLElement;
  private readonly plotBox = h('div', { class: 'plot', role: 'img' });
  private readonly values: HTMLElement[] = [];
  private readonly when = h('span', { class: 'hint number' });
  private plot: uPlot | null = null;
  private data: uPlot.AlignedData;
  private raw: (number | null)[][] = [];
  private readonly resized: ResizeObserver;
  private readonly redraw = () => this.draw();

  constructor(private readonly options: ChartOptions) {
    this.data = [[], ...options.series.map(() => [])];
    const legend = options.series.map((series) => {
      const value = h('span', { class: 'number' }, '–');
      this.values.push(value);
      const swatch = h('span', { class: 'swatch-line' });
      swatch.style.setProperty('--series', `var(${series.color})`);
      return h('span', { class: 'legend-item' }, swatch, series.name, ' ', value);
    });
    this.element = h('figure', { class: 'chart' },
      h('figcaption', null, h('h3', null, options.title), h('div', { class: 'legend' }, ...legend, this.when)),
      this.plotBox);
    this.resized = new ResizeObserver(() => this.fit());
    this.resized.observe(this.plotBox);
    addEventListener('themechange', this.redraw);
  }

  /** `times` in seconds, ascending; one list of values for each series. */
  set(times: readonly number[], values: readonly (readonly (number | null)[])[]): void {
    this.raw = values.map((line) => [...line]);
    this.data = [[...times], ...values.map(bridge)] as uPlot.AlignedData;
    if (this.plot) this.plot.setData(this.data);
    else this.draw();
    this.tell(null);
    const said = this.options.series.map((series, i) => `${series.name} ${this.values[i]?.textContent ?? ''}`);
    this.plotBox.setAttribute('aria-label', `${this.options.title}: ${said.join(', ')}`);
  }

  close(): void {
    this.resized.disconnect();
    removeEventListener('themechange', this.redraw);
    this.plot?.destroy();
  }

  private fit(): void {
    const width = this.plotBox.clientWidth;
    if (width === 0) return;
    if (this.plot) this.plot.setSize({ width, height: HEIGHT });
    else this.draw();
  }

  private draw(): void {
    const width = this.plotBox.clientWidth;
    if (width === 0) return;
    this.plot?.destroy();
    const color = (name: string) => resolveColor(this.plotBox, name);
    const label = this.options.axisFormat ?? this.options.format;
    const axis = {
      stroke: color('--ink-3'),
      font: `11px ${getComputedStyle(this.plotBox).fontFamily}`,
      grid: { stroke: color('--line'), width: 1 },
      ticks: { show: false },
    };
    this.plot = new uPlot(
      {
        width,
        height: HEIGHT,
        legend: { show: false },
        padding: [10, 12, 0, 0],
        cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
        scales: { y: { range: (_plot, _min, max) => [0, Math.max(this.options.atLeast, (max ?? 0) * 1.15)] } },
        axes: [
          { ...axis, grid: { show: false }, values: (_plot, ticks, _axis, _space, step) => ticks.map((at) => hourMinute(at, step < 60)), space: 70, size: 28 },
          { ...axis, size: 46, values: (_plot, ticks) => ticks.map(label), space: 40, ...(this.options.whole ? { incrs: WHOLE } : {}) },
        ],
        series: [
          {},
          ...this.options.series.map((series) => ({
            stroke: color(series.color),
            width: 1.75,
            points: { show: true, size: 5, filter: (plot: uPlot, index: number) => lonely(plot.data[index] ?? []) },
            ...(series.filled ? { fill: `color-mix(in srgb, ${color(series.color)} 14%, transparent)` } : {}),
          })),
        ],
        hooks: { setCursor: [(plot) => this.tell(plot.cursor.idx ?? null)] },
      },
      this.data,
      this.plotBox,
    );
  }

  // The values at the pointer, or the latest ones.
  private tell(index: number | null): void {
    const times = this.data[0];
    const at = index ?? times.length - 1;
    this.values.forEach((element, i) => {
      const line = this.raw[i] ?? [];
      const value = index === null ? line.findLast((one) => one !== null) : line[at];
      setText(element, value === null || value === undefined ? '–' : this.options.format(value));
    });
    const time = times[at];
    setText(this.when, index !== null && time !== undefined ? `at ${hourMinute(time, true)}` : '');
  }
}

// A canvas needs a plain colour; only an element resolves a custom property that depends on the theme.
function resolveColor(near: HTMLElement, property: string): string {
  const probe = h('span', { hidden: true });
  probe.style.color = `var(${property})`;
  near.append(probe);
  const color = getComputedStyle(probe).color;
  probe.remove();
  return color;
}

// uPlot draws across undefined and breaks at null.
function bridge(line: readonly (number | null)[]): (number | null | undefined)[] {
  const out: (number | null | undefined)[] = [...line];
  let start = -1;
  for (let i = 0; i <= out.length; i += 1) {
    if (i < out.length && out[i] === null) {
      if (start < 0) start = i;
    } else if (start >= 0) {
      if (start > 0 && i < out.length && i - start <= BRIDGED) out.fill(undefined, start, i);
      start = -1;
    }
  }
  return out;
}

// Values without a neighbour, which no line would show.
function lonely(line: ArrayLike<number | null | undefined>): number[] {
  const found: number[] = [];
  for (let i = 0; i < line.length; i += 1) {
    if (typeof line[i] === 'number' && line[i - 1] === null && line[i + 1] === null) found.push(i);
  }
  return found;
}

function hourMinute(seconds: number, withSeconds = false): string {
  const at = new Date(seconds * 1_000);
  const two = (value: number) => String(value).padStart(2, '0');
  const short = `${two(at.getHours())}:${two(at.getMinutes())}`;
  return withSeconds ? `${short}:${two(at.getSeconds())}` : short;
}
