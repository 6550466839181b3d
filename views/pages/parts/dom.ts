/**
 * Building and finding elements. Text is always set as text, never as markup, so that names cannot become code. No state.
 */

type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;
type Child = Node | string | undefined;

const svgNamespace = 'http://www.w3.org/2000/svg';

/** The element of the template with this id; it must be of `type`. */
export function byId<T extends Element>(id: string, type: new () => T): T {
  const element = document.getElementById(id);
  if (element instanceof type) return element;
  throw new Error(`the page lacks #${id}`);
}

/** The element with this id, or undefined where the template left it out. */
export function maybeById<T extends Element>(id: string, type: new () => T): T | undefined {
  const element = document.getElementById(id);
  return element instanceof type ? element : undefined;
}

/** A new element. Attributes that are undefined or false are left out, true becomes an empty one. */
export function el<N extends keyof HTMLElementTagNameMap>(name: N, attributes: Attributes = {}, ...children: readonly Child[]): HTMLElementTagNameMap[N] {
  const element = document.createElement(name);
  fill(element, attributes, children);
  return element;
}

/** A new SVG element. */
export function svg<N extends keyof SVGElementTagNameMap>(name: N, attributes: Attributes = {}, ...children: readonly Child[]): SVGElementTagNameMap[N] {
  const element = document.createElementNS(svgNamespace, name);
  fill(element, attributes, children);
  return element;
}

/** An icon of the sprite, hidden from readers of the screen. */
export function icon(name: string): SVGElement {
  const sprite = document.body.dataset['icons'] ?? '/assets/icons.svg';
  return svg('svg', { class: 'icon', 'aria-hidden': 'true' }, svg('use', { href: `${sprite}#${name}` }));
}

/** A button that says what it does. */
export function button(text: string, onClick: () => void, className = ''): HTMLButtonElement {
  const element = el('button', { type: 'button', class: className }, text);
  element.addEventListener('click', onClick);
  return element;
}

/** A round button with an icon and a spoken name. */
export function iconButton(name: string, label: string, onClick: () => void): HTMLButtonElement {
  const element = el('button', { type: 'button', class: 'round', 'aria-label': label, title: label }, icon(name));
  element.addEventListener('click', onClick);
  return element;
}

/** Shows the element exactly when `isShown`. */
export function show(element: Element, isShown: boolean): void {
  element.toggleAttribute('hidden', !isShown);
}

function fill(element: Element, attributes: Attributes, children: readonly Child[]): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children) if (child !== undefined) element.append(child);
}
