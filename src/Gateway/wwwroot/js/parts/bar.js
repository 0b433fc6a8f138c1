// A progress bar that screen readers can read too.
import { h, setAttribute, setText } from '../dom.js';
import { percent, stateWord } from '../live/jobStates.js';
import { t } from '../texts.js';

export function bar(job) {
  const inner = h('div', { class: 'bar-fill' });
  const track = h('div', { class: 'bar', role: 'progressbar', 'aria-label': t.bar.progressOf(job.type, job.id), 'aria-valuemin': 0, 'aria-valuemax': 100 }, inner);
  const number = h('span', { class: 'bar-number', 'aria-hidden': 'true' });
  const element = h('div', { class: 'bar-row' }, track, number);

  const update = (next) => {
    const done = percent(next);
    track.dataset.state = next.state;
    track.classList.toggle('bar-unknown', done === undefined);
    // Without a value, a progressbar is read out as busy.
    setAttribute(track, 'aria-valuenow', done);
    setAttribute(track, 'aria-valuetext', done === undefined ? stateWord(next) : `${done} %, ${stateWord(next)}`);
    inner.style.transform = done === undefined ? '' : `scaleX(${done / 100})`;
    setText(number, done === undefined ? '' : `${done} %`);
  };
  update(job);
  return { element, update };
}
