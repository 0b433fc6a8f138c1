// The only way this page makes elements. Text goes in as text nodes, never as markup: what jobs say cannot become part of the page.

/**
 * Makes an element.
 * @param {string} tag
 * @param {object} [props] Attributes by name; `on` holds listeners by event, `data` holds data-* values, `prop` DOM properties.
 *   Null, undefined and false leave an attribute out, true gives it without a value.
 * @param {...(Node|string|number|null|undefined|Array)} children
 */
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (name === 'on') for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (name === 'data') Object.assign(element.dataset, value);
    else if (name === 'prop') Object.assign(element, value);
    else setAttribute(element, name, value);
  }
  element.append(...nodes(children));
  return element;
}

/** Sets or removes an attribute by the rules of `h`, touching the document only where something changes. */
export function setAttribute(element, name, value) {
  if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else {
    const text = value === true ? '' : String(value);
    if (element.getAttribute(name) !== text) element.setAttribute(name, text);
  }
}

/** Sets the text of an element, touching the document only where something changes. */
export function setText(element, text) {
  const wanted = String(text ?? '');
  if (element.textContent !== wanted) element.textContent = wanted;
}

/** Replaces what is in an element. What is there already stays, and focus with it. */
export function fill(element, ...children) {
  const next = nodes(children);
  const now = element.childNodes;
  if (next.length !== now.length || next.some((node, index) => node !== now[index])) element.replaceChildren(...next);
  return element;
}

/** Replaces what is in an element; where something in it had the focus, what takes its place gets it. */
export function refill(element, ...children) {
  const focused = element.contains(document.activeElement) && element !== document.activeElement ? keyOf(document.activeElement) : undefined;
  fill(element, ...children);
  if (focused !== undefined) [...element.querySelectorAll('a[href], button, summary, [tabindex], [data-key]')].find((each) => keyOf(each) === focused)?.focus({ preventScroll: true });
}

/** What tells an element from others that can have the focus, before and after. */
const keyOf = (element) => element.dataset.key ?? element.getAttribute('href') ?? element.getAttribute('aria-labelledby') ?? element.getAttribute('aria-label') ?? element.textContent;

const nodes = (children) => children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);

let ids = 0;

/** An id that no other element has, to tie labels to what they label. */
export const freshId = (prefix) => `${prefix}-${++ids}`;
