// What a schedule is, in words.
import { h } from '../dom.js';
import { duration, fullTime } from '../format.js';

/** "0 3 * * * Europe/Berlin", "every 7 min". */
export const whenText = ({ cron, every, zone }) => (cron ? `${cron}${zone ? ` ${zone}` : ''}` : `every ${duration(every * 1000)}`);

const overlaps = { skip: 'is skipped', queue: 'waits', all: 'runs beside them', cancel: 'is submitted, and they are cancelled', replace: 'waits until they are cancelled' };
const misseds = { one: 'the latest is served', all: 'all are served', none: 'none is served' };

export function scheduleFacts(schedule) {
  const facts = [
    ['Type', schedule.type],
    ['Queue', schedule.queue],
    ['When', h('code', null, whenText(schedule))],
    ['From', schedule.start && fullTime(new Date(schedule.start))],
    ['Until', schedule.end && fullTime(new Date(schedule.end))],
    ['Instants', schedule.count && `${schedule.come} of ${schedule.count} have come`],
    ['While others have not ended', `it ${overlaps[schedule.overlap] ?? schedule.overlap}`],
    ['Of those missed', misseds[schedule.missed] ?? schedule.missed],
    ['Declared by', schedule.application && `the code of ${schedule.application} ${schedule.release ?? ''}`],
    ['Changed', fullTime(new Date(schedule.changedAt))],
  ];
  return h('dl', { class: 'facts' }, facts.filter(([, value]) => value).map(([name, value]) => h('div', null, h('dt', null, name), h('dd', null, value))));
}
