// Numbers and times in the words of the reader's language.

import { count } from './counting.js';
import { t } from './texts.js';

const short = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const compact = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

export { count };
export const compactCount = (value) => (value < 10_000 ? count(value) : compact.format(value));
export const rate = (value) => (value >= 1000 ? compact.format(value) : short.format(value));
export const fullTime = (date) => full.format(date);

const steps = [['second', 60], ['minute', 60], ['hour', 24], ['day', 30], ['month', 12], ['year', Infinity]];

/** "3 minutes ago", "in 2 hours", "now". */
export function relativeTime(date, now = Date.now()) {
  let value = (date - now) / 1000;
  if (Math.abs(value) < 1) return relative.format(0, 'second');
  for (const [unit, size] of steps) {
    if (Math.abs(value) < size) return relative.format(Math.trunc(value), unit);
    value /= size;
  }
}

/** "420 ms", "3.2 s", "2 min 5 s", "1 h 3 min", "2 d 4 h". */
export function duration(ms) {
  if (ms < 1000) return t.units.ms(Math.max(0, Math.round(ms)));
  const seconds = ms / 1000;
  if (seconds < 60) return t.units.s(short.format(Math.trunc(seconds * 10) / 10));
  const whole = Math.trunc(seconds);
  if (whole < 3600) return pair(whole, 60, t.units.min, t.units.s);
  if (whole < 86_400) return pair(Math.trunc(whole / 60), 60, t.units.h, t.units.min);
  return pair(Math.trunc(whole / 3600), 24, t.units.d, t.units.h);
}

function pair(value, size, large, small) {
  const rest = value % size;
  return rest ? `${large(Math.trunc(value / size))} ${small(rest)}` : large(value / size);
}

/** The end of an id, where ids made at the same time differ. */
export const shortId = (id) => (id.length > 14 ? `…${id.slice(-10)}` : id);
