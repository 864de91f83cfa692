// Elements made in one expression: `element("li", { class: "x", onclick }, "text", child)`. Text is always text, never HTML.

export type Child = Node | string | number | null | undefined | false;
export type Attributes = Readonly<
  Record<string, string | number | boolean | undefined | ((event: never) => void)>
>;

const SVG = "http://www.w3.org/2000/svg";

export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  return filled(document.createElement(name), attributes, children);
}

export function svg<Name extends keyof SVGElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[Name] {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

/** Puts other children into an element. */
export function refill(parent: Element, ...children: readonly Child[]): void {
  parent.replaceChildren(...children.filter(isShown).map(nodeOf));
}

/** The element of the page with this id, which its body has. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`page: has no element #${id}`);
  return found;
}

/** `onclick` and its like listen; `true` sets an attribute without a value, `false` and undefined leave it out. */
function filled<E extends Element>(
  target: E,
  attributes: Attributes,
  children: readonly Child[],
): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (typeof value === "function") {
      target.addEventListener(name.replace(/^on/, ""), value as (event: Event) => void);
    } else target.setAttribute(name, value === true ? "" : String(value));
  }
  target.append(...children.filter(isShown).map(nodeOf));
  return target;
}

function isShown(child: Child): child is Node | string | number {
  return child !== null && child !== undefined && child !== false;
}

function nodeOf(child: Node | string | number): Node | string {
  return typeof child === "number" ? String(child) : child;
}
