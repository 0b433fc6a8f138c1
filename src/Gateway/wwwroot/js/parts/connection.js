// Says when what is shown may be late.
import { watchConnection } from '../live/jobFeed.js';
import { setText } from '../dom.js';
import { t } from '../texts.js';

const words = {
  live: [t.connection.live, t.connection.changesAreShownAsThey],
  polling: [t.connection.everyTwoSeconds, t.connection.noEventStreamJobsAre],
  lost: [t.connection.noConnection, t.connection.theGatewayCannotBeReached],
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
