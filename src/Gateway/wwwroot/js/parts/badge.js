// A job's state in a word and a colour; never by the colour alone.
import { h, setText } from '../dom.js';
import { stateWord } from '../live/jobStates.js';

export function badge(job) {
  const element = h('span', { class: 'badge' });
  const update = (next) => {
    element.dataset.state = next.state;
    setText(element, stateWord(next));
  };
  update(job);
  return { element, update };
}
