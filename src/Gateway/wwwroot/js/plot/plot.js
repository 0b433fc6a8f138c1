// Lines over time, drawn as SVG. What they say is also said in words: a cursor that keys and the pointer move reads out the step that it stands in.
import { freshId, h, fill, setAttribute, setText } from '../dom.js';
import { lineOf, shareOf, stepAt, topOf } from './scale.js';
import { t } from '../texts.js';

const ns = 'http://www.w3.org/2000/svg';
const width = 600;
const height = 120;

/**
 * @param {string} title
 * @param {{name: string, look: string, of: (point: object) => number|null}[]} series `look` names a colour of the style sheet.
 * @param {(value: number) => string} words How a value is said.
 */
export function plot(title, series, words) {
  const id = freshId('plot');
  const lines = series.map(({ look }) => svg('path', { class: `plot-line plot-${look}` }));
  const marks = svg('g');
  const open = svg('rect', { class: 'plot-open', y: 0, height });
  const cursor = svg('path', { class: 'plot-cursor', d: '' });
  const picture = svg('svg', { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' });
  picture.append(open, svg('path', { class: 'plot-grid', d: `M0 0H${width}M0 ${height / 2}H${width}M0 ${height}H${width}` }), marks, ...lines, cursor);
  const most = h('span', { class: 'plot-top', 'aria-hidden': 'true' });
  const from = h('span');
  const to = h('span');
  const readout = h('p', { class: 'plot-readout', 'aria-hidden': 'true' });
  const stage = h('div', { class: 'plot-stage', role: 'slider', tabindex: 0, 'aria-labelledby': id, 'aria-valuemin': 0, on: { keydown: onKey, pointermove: onPoint, pointerdown: onPoint, pointerleave: onLeave, blur: onLeave } }, picture, most);
  const element = h(
    'figure',
    { class: 'plot' },
    h('figcaption', null, h('h2', { id }, title), h('ul', { class: 'plot-legend', 'aria-hidden': 'true' }, series.map(({ name, look }) => h('li', { class: `plot-${look}` }, name)))),
    stage,
    h('div', { class: 'plot-times', 'aria-hidden': 'true' }, from, to),
    readout,
  );
  let shown = { points: [], events: [] };
  let at = null;

  /** @param {{points: object[], events: object[], from: string, to: string, at: string}} history `timeOf` says when a step was. */
  function set(history, timeOf, wordsOf) {
    shown = { ...history, timeOf, wordsOf };
    const { points } = history;
    const values = series.map(({ of }) => points.map(of));
    const top = topOf(values.flat());
    lines.forEach((line, index) => line.setAttribute('d', lineOf(values[index], top, width, height)));
    setText(most, words(top));
    setText(from, timeOf(history.from));
    setText(to, timeOf(history.to));
    const goesOn = shareOf(history.at, history.from, history.to);
    const first = goesOn === null ? width : (stepAt(goesOn, points.length) / points.length) * width;
    open.setAttribute('x', first.toFixed(1));
    open.setAttribute('width', (width - first).toFixed(1));
    fill(marks, history.events.map((event) => mark(event, history)));
    setAttribute(stage, 'aria-valuemax', Math.max(0, points.length - 1));
    if (at !== null) at = Math.min(at, points.length - 1);
    tell();
  }

  function tell() {
    const index = at ?? shown.points.length - 1;
    const point = shown.points[index];
    cursor.setAttribute('d', at === null || !point ? '' : `M${(((at + 0.5) / shown.points.length) * width).toFixed(1)} 0V${height}`);
    const text = point ? sentence(point, shown.points[index + 1]?.at ?? shown.to) : t.plot.nothingYet;
    setAttribute(stage, 'aria-valuenow', Math.max(0, index));
    setAttribute(stage, 'aria-valuetext', text);
    setText(readout, text);
  }

  function sentence(point, end) {
    const said = series.map(({ name, of }) => (of(point) === null ? null : `${name} ${words(of(point))}`)).filter(Boolean);
    const happened = shown.events.filter((event) => Date.parse(event.at) >= Date.parse(point.at) && Date.parse(event.at) < Date.parse(end)).map(shown.wordsOf);
    return `${shown.timeOf(point.at)}: ${said.join(', ') || 'nothing'}${happened.length > 0 ? `. ${happened.join('. ')}` : ''}`;
  }

  function onKey(event) {
    const last = shown.points.length - 1;
    const now = at ?? last;
    const next = { ArrowLeft: now - 1, ArrowDown: now - 1, ArrowRight: now + 1, ArrowUp: now + 1, PageDown: now - 10, PageUp: now + 10, Home: 0, End: last }[event.key];
    if (next === undefined || last < 0) return;
    event.preventDefault();
    at = Math.min(last, Math.max(0, next));
    tell();
  }

  function onPoint(event) {
    const box = stage.getBoundingClientRect();
    if (shown.points.length === 0 || box.width === 0) return;
    at = stepAt((event.clientX - box.left) / box.width, shown.points.length);
    tell();
  }

  function onLeave() {
    at = null;
    tell();
  }

  return { element, set };
}

function mark(event, { from, to }) {
  const share = shareOf(event.at, from, to);
  return share === null ? null : svg('path', { class: 'plot-mark', 'data-what': event.what, d: `M${(share * width).toFixed(1)} 0V${height}` });
}

function svg(name, attributes = {}) {
  const element = document.createElementNS(ns, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
