// Where values stand in a plot. Nothing here knows of the page.

/** The next of 1, 2, 5, 10, 20, 50 … that holds all values; 1 where there are none. */
export function topOf(values) {
  const most = Math.max(0, ...values.filter((value) => value !== null));
  if (most === 0) return 1;
  const size = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 5, 10].map((each) => each * size).find((each) => each >= most * (1 - 1e-9));
}

/**
 * The line through values, in the coordinates of an SVG path. Null is a gap; a value between two gaps is a dot.
 * @param {(number|null)[]} values
 */
export function lineOf(values, top, width, height) {
  const step = values.length > 1 ? width / values.length : width;
  const parts = [];
  let isOn = false;
  values.forEach((value, index) => {
    if (value === null) {
      isOn = false;
      return;
    }
    const place = `${((index + 0.5) * step).toFixed(1)} ${(height - (value / top) * height).toFixed(1)}`;
    const isAlone = !isOn && (values[index + 1] ?? null) === null;
    parts.push(`${isOn ? 'L' : 'M'}${place}${isAlone ? 'h0.01' : ''}`);
    isOn = true;
  });
  return parts.join('');
}

/** Which step a place from 0 to 1 lies in. */
export const stepAt = (share, count) => Math.min(count - 1, Math.max(0, Math.floor(share * count)));

/** Where an instant lies between two, from 0 to 1; null: outside. */
export function shareOf(instant, from, to) {
  const share = (Date.parse(instant) - Date.parse(from)) / (Date.parse(to) - Date.parse(from));
  return share >= 0 && share < 1 ? share : null;
}
