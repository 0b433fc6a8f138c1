// A small line of figures over time. Its meaning is in the numbers beside it, so it is hidden from screen readers.

const ns = 'http://www.w3.org/2000/svg';
const width = 120;
const height = 32;

/** @param {number} length How many values are kept. */
export function sparkline(length = 60) {
  const values = [];
  const line = document.createElementNS(ns, 'polyline');
  const element = document.createElementNS(ns, 'svg');
  element.setAttribute('viewBox', `0 0 ${width} ${height}`);
  element.setAttribute('preserveAspectRatio', 'none');
  element.setAttribute('class', 'sparkline');
  element.setAttribute('aria-hidden', 'true');
  element.append(line);

  function add(value) {
    values.push(value);
    if (values.length > length) values.shift();
    const top = Math.max(...values, 1e-9);
    const step = width / (length - 1);
    const points = values.map((each, index) => `${(width - (values.length - 1 - index) * step).toFixed(1)},${(height - 1 - (each / top) * (height - 4)).toFixed(1)}`);
    line.setAttribute('points', points.join(' '));
  }
  return { element, add };
}
