// Says when what is shown may be late.
import { watchConnection } from '../live/jobFeed.js';
import { setText } from '../dom.js';

const words = {
  live: ['Live', 'Changes are shown as they happen'],
  polling: ['Every 2 s', 'No event stream: jobs are asked for every two seconds'],
  lost: ['No connection', 'The gateway cannot be reached; trying again'],
};

export function showConnection(element) {
  watchConnection((state) => {
    element.hidden = !words[state];
    if (!words[state]) return;
    const [word, meaning] = words[state];
    setText(element, word);
    element.title = meaning;
    element.dataset.state = state;
  });
}
