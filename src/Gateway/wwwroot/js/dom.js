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

/** Replaces what is in an element. */
export function fill(element, ...children) {
  element.replaceChildren(...nodes(children));
  return element;
}

/** Replaces what is in an element; where a link or an element with data-key had the focus, the one that takes its place gets it. */
export function refill(element, ...children) {
  const keyOf = (each) => each.dataset.key ?? each.getAttribute('href');
  const focused = element.contains(document.activeElement) ? keyOf(document.activeElement) : null;
  fill(element, ...children);
  if (focused !== null) [...element.querySelectorAll('a[href], [data-key]')].find((each) => keyOf(each) === focused)?.focus({ preventScroll: true });
}

const nodes = (children) => children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);

let ids = 0;

/** An id that no other element has, to tie labels to what they label. */
export const freshId = (prefix) => `${prefix}-${++ids}`;
