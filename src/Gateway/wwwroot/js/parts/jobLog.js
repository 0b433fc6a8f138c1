// What the attempts of a job have logged, live.
import { readLog } from '../api/logs.js';
import { h, setText } from '../dom.js';
import { reconnectDelay } from '../live/reconnect.js';
import { isFinished } from '../live/jobStates.js';
import { t } from '../texts.js';

/** As many as a job keeps at most. */
const mostShown = 2000;

/** @returns {{element: HTMLElement, update: (job: object) => void}} */
export function jobLog(id, signal) {
  const list = h('ol', { class: 'log-lines' });
  const box = h('div', { class: 'log', tabindex: 0, role: 'log', 'aria-label': t.jobLog.lines, 'aria-live': 'off' }, list);
  const note = h('p', { class: 'dim', hidden: true });
  const element = h('section', { hidden: true, 'aria-labelledby': 'log' }, h('h2', { id: 'log' }, t.jobLog.log), note, box);
  let last = 0;
  let reading = false;
  let overAt;
  let job;

  function update(next) {
    job = next;
    // A job of which nobody has heard a line costs no stream.
    if (!job.logs || reading || overAt === job.version) return;
    reading = true;
    follow();
  }

  async function follow() {
    for (let failures = 0; !signal.aborted; ) {
      const version = job.version;
      try {
        const isOver = await readLog(id, last, add, { onOpen: () => (failures = 0), signal });
        if (isOver) {
          overAt = isFinished(job) ? job.version : version;
          break;
        }
      } catch (error) {
        if (error.status === 404 || error.status === 401 || error.status === 403) break;
        failures++;
      }
      await new Promise((resolve) => setTimeout(resolve, reconnectDelay(failures)));
    }
    reading = false;
  }

  function add(line) {
    if (line.number <= last) return;
    // Who has scrolled up to read is left there.
    const isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
    if (line.number > last + 1 && last > 0) list.append(gap(line.number - last - 1));
    if (last === 0 && line.number > 1) {
      note.hidden = false;
      setText(note, t.jobLog.notKept(line.number - 1));
    }
    last = line.number;
    list.append(row(line));
    while (list.children.length > mostShown) list.firstChild.remove();
    element.hidden = false;
    if (isAtEnd) box.scrollTop = box.scrollHeight;
  }
  return { element, update };
}

const gap = (count) => h('li', { class: 'dim' }, t.jobLog.gap(count));

function row({ at, level, attempt, text, error }) {
  return h(
    'li',
    { data: { level } },
    h('time', { datetime: at, title: at, class: 'dim' }, clock(at)),
    h('span', { class: 'log-attempt dim', title: t.jobLog.attempt(attempt) }, `#${attempt}`),
    h('span', { class: 'log-level' }, level),
    h('span', { class: 'log-text' }, text, error && h('span', { class: 'dim' }, ` (${error.type ? `${error.type}: ` : ''}${error.message})`)),
  );
}

/** The time of day to the millisecond: lines of one job are near to each other. */
const clock = (at) => {
  const date = new Date(at);
  return `${[date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':')}.${String(date.getMilliseconds()).padStart(3, '0')}`;
};
