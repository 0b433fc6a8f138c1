// Where jobs are kept, in one line.
import { getStore } from '../api/grid.js';
import { h, setText } from '../dom.js';
import { t } from '../texts.js';

export function storeLine(signal) {
  const element = h('p', { class: 'dim', hidden: true });

  // A key that is limited to some queues is not told; the page does without.
  getStore(signal).then(
    ({ where }) => {
      setText(element, t.storeLine.jobsAreKept(where));
      element.hidden = false;
    },
    () => {},
  );
  return element;
}
