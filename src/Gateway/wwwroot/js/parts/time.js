// Times that stay true while they are looked at.
import { duration, fullTime, relativeTime } from '../format.js';
import { h, setText } from '../dom.js';

/** "3 minutes ago", with the full time on hover. */
export function ago(value) {
  if (!value) return h('span', { class: 'dim' }, '–');
  const date = new Date(value);
  return h('time', { datetime: date.toISOString(), title: fullTime(date), data: { relative: '' } }, relativeTime(date));
}

/** How long from one moment to another, or up to now where there is no other. */
export function span(from, to) {
  if (!from) return h('span', { class: 'dim' }, '–');
  if (to) return h('span', null, duration(new Date(to) - new Date(from)));
  return h('span', { data: { since: from } }, duration(Date.now() - new Date(from)));
}

export function keepTimesFresh() {
  setInterval(() => {
    if (document.hidden) return;
    for (const element of document.querySelectorAll('time[data-relative]')) setText(element, relativeTime(new Date(element.dateTime)));
    for (const element of document.querySelectorAll('[data-since]')) setText(element, duration(Date.now() - new Date(element.dataset.since)));
  }, 1000);
}

/** An instant as the reader's wall clock shows it, in the form the input takes. */
export function localTime(instant) {
  const date = new Date(instant);
  if (!instant || Number.isNaN(date.getTime())) return '';
  const part = (value) => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${part(date.getMonth() + 1)}-${part(date.getDate())}T${part(date.getHours())}:${part(date.getMinutes())}`;
}
