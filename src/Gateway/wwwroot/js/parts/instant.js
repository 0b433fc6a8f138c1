// An instant on the clocks of a schedule's zone and, where they show something else, on the reader's.
import { h } from '../dom.js';
import { fullTime } from '../format.js';
import { ago } from './time.js';
import { t } from '../texts.js';

const formats = new Map();

/** "12 Jan 2030, 03:00:00" as the clocks of a zone show it. */
export function timeIn(zone, date) {
  if (!formats.has(zone)) formats.set(zone, formatOf(zone));
  return formats.get(zone).format(date);
}

/** @param {{withDistance?: boolean}} [options] Also how far away it is. */
export function instant(value, zone = 'UTC', { withDistance = false } = {}) {
  const date = new Date(value);
  const [there, here] = [timeIn(zone, date), fullTime(date)];
  return h(
    'span',
    { class: 'instant' },
    h('span', null, there, ' ', h('span', { class: 'dim' }, zone)),
    there !== here && h('span', { class: 'dim here' }, t.instant.here(here)),
    withDistance && ago(value),
  );
}

function formatOf(timeZone) {
  try {
    return new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium', timeZone });
  } catch {
    // The browser does not know the zone: what it shows says so by being the reader's time.
    return { format: fullTime };
  }
}
