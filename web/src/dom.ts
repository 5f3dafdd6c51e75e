// Building the page without a framework. Text only ever becomes text nodes: nothing here parses markup.

export type Child = Node | string | null | undefined | false;

export type Attributes = Record<string, string | number | boolean | null | undefined>;

/** An element; `true` sets an empty attribute; false, null and undefined set none. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes | null = null,
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === false || value === null || value === undefined) continue;
    element.setAttribute(name, value === true ? '' : String(value));
  }
  add(element, ...children);
  return element;
}

/** A button that does not submit. */
export function button(
  attributes: Attributes,
  onClick: (event: MouseEvent) => void,
  ...children: Child[]
): HTMLButtonElement {
  const element = h('button', { type: 'button', ...attributes }, ...children);
  element.addEventListener('click', onClick);
  return element;
}

export function add(parent: Node, ...children: Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    parent.appendChild(typeof child === 'string' ? document.createTextNode(child) : child);
  }
}

export function fill(parent: Element, ...children: Child[]): void {
  parent.replaceChildren();
  add(parent, ...children);
}

/** Writes only when it differs, so that screen readers and selections are left alone. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

const SVG = 'http://www.w3.org/2000/svg';

export function svg(
  width: number,
  height: number,
  ...shapes: [tag: string, attributes: Record<string, string | number>][]
): SVGSVGElement {
  const root = document.createElementNS(SVG, 'svg');
  root.setAttribute('viewBox', `0 0 ${width} ${height}`);
  root.setAttribute('width', String(width));
  root.setAttribute('height', String(height));
  root.setAttribute('aria-hidden', 'true');
  for (const [tag, attributes] of shapes) {
    const shape = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) shape.setAttribute(name, String(value));
    root.appendChild(shape);
  }
  return root;
}

export interface Keyed<T> {
  element: HTMLElement;
  update: (item: T) => void;
}

/**
 * Keeps the children of `parent` equal to a list: an item keeps its element for as long as its key is in the list,
 * so focus, selection and loaded pictures survive an update.
 */
export class KeyedList<T> {
  private readonly shown = new Map<string, Keyed<T>>();

  constructor(
    private readonly parent: HTMLElement,
    private readonly key: (item: T) => string,
    private readonly create: (item: T) => Keyed<T>,
  ) {}

  render(items: readonly T[]): void {
    const wanted = new Set(items.map(this.key));
    for (const [key, row] of this.shown) {
      if (wanted.has(key)) continue;
      row.element.remove();
      this.shown.delete(key);
    }
    let next: Element | null = this.parent.firstElementChild;
    for (const item of items) {
      const key = this.key(item);
      let row = this.shown.get(key);
      if (row) {
        row.update(item);
      } else {
        row = this.create(item);
        this.shown.set(key, row);
      }
      if (row.element === next) next = next.nextElementSibling;
      else this.parent.insertBefore(row.element, next);
    }
  }
}
