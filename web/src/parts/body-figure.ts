// A photo with what was seen in it: the skeleton, and the lines where the body was measured.
//
// The photo is drawn on a canvas straight from the chosen file and never leaves the page by this; the drawing over it
// is an SVG in the pixels that the server measured in.

import { fill, h } from '../dom';
import type { Landmark, Measure, MeasuringLine, PoseDrawing, SizeAnswer } from '../types';

const MAX_SIDE = 1_600; // of the canvas: enough for any window

const LIMBS = ['shoulder>elbow', 'elbow>wrist', 'wrist>index', 'shoulder>hip', 'hip>knee', 'knee>ankle', 'ankle>heel', 'heel>foot_index', 'ankle>foot_index'];
const JOINTS = ['shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle'];

/** Pairs of landmark names that a bone joins. */
export const BONES: readonly (readonly [string, string])[] = [
  ['left_shoulder', 'right_shoulder'],
  ['left_hip', 'right_hip'],
  ...['left', 'right'].flatMap((side) => LIMBS.map((limb) => {
    const [from, to] = limb.split('>');
    return [`${side}_${from}`, `${side}_${to}`] as const;
  })),
];

export interface Label {
  name: Measure;
  text: string;
  x: number;
  y: number;
  end: boolean; // the text ends there, else it begins there
}

/**
 * Where the labels of the lines stand: those of the torso beside one flank, those of arm and leg on the arm's side, none
 * covering another. `size` is the height of the letters, in pixels of the picture.
 */
export function placeLabels(pose: PoseDrawing, measurements: SizeAnswer['measurements'], size: number): Label[] {
  const arm = pose.lines.find((line) => line.name === 'arm');
  const middle = mean(pose.lines.filter((line) => line.name !== 'arm').flatMap((line) => [line.x0, line.x1]));
  const armRight = arm === undefined || arm.x0 >= middle;
  const labels = new Map<Measure, Label>();
  for (const line of pose.lines) {
    if (labels.has(line.name) || !(line.name in measurements)) continue;
    const limb = line.name === 'arm' || line.name === 'inseam';
    const right = limb === armRight;
    const [x, y] = anchor(line, right);
    const { cm } = measurements[line.name];
    labels.set(line.name, { name: line.name, text: `${line.name} ${cm.toFixed(0)}`, x: x + (right ? size : -size) * 0.7, y, end: !right });
  }
  for (const end of [true, false]) spread([...labels.values()].filter((one) => one.end === end), size * 1.35);
  return [...labels.values()];
}

function anchor(line: MeasuringLine, right: boolean): [number, number] {
  if (line.name === 'inseam') return [(line.x0 + line.x1) / 2, (line.y0 + line.y1) / 2];
  if (line.name === 'arm') return [line.x1, line.y1];
  return (line.x0 > line.x1) === right ? [line.x0, line.y0] : [line.x1, line.y1];
}

function spread(column: Label[], apart: number): void {
  column.sort((a, b) => a.y - b.y);
  for (let turn = 0; turn < 20; turn += 1) {
    for (let i = 1; i < column.length; i += 1) {
      const missing = apart - (column[i]!.y - column[i - 1]!.y);
      if (missing <= 0) continue;
      column[i - 1]!.y -= missing / 2;
      column[i]!.y += missing / 2;
    }
  }
}

const mean = (all: number[]) => all.reduce((sum, one) => sum + one, 0) / Math.max(all.length, 1);

const SVG = 'http://www.w3.org/2000/svg';

function shape(tag: string, attributes: Record<string, string | number>, text = ''): SVGElement {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  if (text) element.textContent = text;
  return element;
}

function drawing(pose: PoseDrawing, measurements: SizeAnswer['measurements']): SVGSVGElement {
  const { image_width: width, image_height: height } = pose;
  const root = document.createElementNS(SVG, 'svg');
  root.setAttribute('viewBox', `0 0 ${width} ${height}`);
  root.setAttribute('aria-hidden', 'true'); // the table beside it says the same
  const unit = Math.max(width, height) / 480;
  const at = new Map(pose.landmarks.map((one) => [one.name, one]));
  const sure = (one: Landmark) => Math.max(0.25, Math.min(1, 1.4 * Math.min(one.visibility, one.presence)));
  for (const [from, to] of BONES) {
    const a = at.get(from);
    const b = at.get(to);
    if (!a || !b) continue;
    root.append(shape('line', { class: 'bone', x1: a.x, y1: a.y, x2: b.x, y2: b.y, 'stroke-width': unit * 1.5, opacity: Math.min(sure(a), sure(b)) }));
  }
  for (const name of ['left', 'right'].flatMap((side) => JOINTS.map((joint) => `${side}_${joint}`))) {
    const one = at.get(name);
    if (one) root.append(shape('circle', { class: 'joint', cx: one.x, cy: one.y, r: unit * 2.4, 'stroke-width': unit, opacity: sure(one) }));
  }
  for (const line of pose.lines) {
    const ends = { x1: line.x0, y1: line.y0, x2: line.x1, y2: line.y1 };
    root.append(shape('line', { class: 'measure-casing', ...ends, 'stroke-width': unit * 3.4 }));
    root.append(shape('line', { class: 'measure-line', 'data-measure': line.name, ...ends, 'stroke-width': unit * 2 }));
  }
  const size = unit * 11;
  for (const label of placeLabels(pose, measurements, size)) {
    root.append(shape('text', { class: 'measure-label', 'data-measure': label.name, x: label.x, y: label.y + size * 0.35, 'font-size': size,
      'stroke-width': size * 0.3, 'text-anchor': label.end ? 'end' : 'start' }, label.text));
  }
  return root;
}

/** The chosen photo, upright; `draw` puts a pose over it, `mark` brings out one measure's line. */
export class BodyFigure {
  readonly element = h('figure', { class: 'body-figure' });
  private readonly canvas = h('canvas', { role: 'img', 'aria-label': 'The chosen photo' });

  /** Rejects when the browser cannot read the picture: the server may, and says so when not. */
  async show(file: Blob): Promise<void> {
    const bitmap = await createImageBitmap(file);
    const scale = Math.min(1, MAX_SIDE / Math.max(bitmap.width, bitmap.height));
    this.canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    this.canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    this.canvas.getContext('2d')?.drawImage(bitmap, 0, 0, this.canvas.width, this.canvas.height);
    bitmap.close();
    fill(this.element, this.canvas);
  }

  clear(): void {
    this.element.querySelector('svg')?.remove();
  }

  draw(answer: SizeAnswer): void {
    this.clear();
    if (answer.pose && this.canvas.isConnected) this.element.append(drawing(answer.pose, answer.measurements));
  }

  mark(measure: Measure | null): void {
    if (measure) this.element.dataset.marked = measure;
    else delete this.element.dataset.marked;
    for (const one of this.element.querySelectorAll('[data-measure]')) {
      one.classList.toggle('marked', one.getAttribute('data-measure') === measure);
    }
  }
}
