// What a schedule is, in words.
import { toKey } from '../address.js';
import { h } from '../dom.js';
import { duration, fullTime, plural } from '../format.js';

/** "0 3 * * * Europe/Berlin", "every 7 min". */
export const whenText = ({ cron, every, zone }) => (cron ? `${cron}${zone ? ` ${zone}` : ''}` : `every ${duration(every * 1000)}`);

const overlaps = { skip: 'is skipped', queue: 'waits', all: 'runs beside them', cancel: 'is submitted, and they are cancelled', replace: 'waits until they are cancelled' };
const misseds = { one: 'the latest is served', all: 'all are served', none: 'none is served' };

/** The type of its jobs, or how large a flow it is. */
export const whatText = ({ type, flow }) => (flow ? `flow of ${plural(flow.jobs.length, 'job')}` : type);

export function scheduleFacts(schedule) {
  const facts = [
    ['Runs', whatText(schedule)],
    ['Queue', schedule.queue],
    ['Key', schedule.key && h('a', { href: toKey(schedule.key) }, schedule.key)],
    ['When', h('code', null, whenText(schedule))],
    ['From', schedule.start && fullTime(new Date(schedule.start))],
    ['Until', schedule.end && fullTime(new Date(schedule.end))],
    ['Instants', schedule.count && `${schedule.come} of ${schedule.count} have come`],
    ['While others have not ended', `it ${overlaps[schedule.overlap] ?? schedule.overlap}`],
    ['Of those missed', misseds[schedule.missed] ?? schedule.missed],
    ['Declared by', schedule.application && `the code of ${schedule.application} ${schedule.release ?? ''}`],
    ['Deadline', schedule.deadline && `${duration(schedule.deadline * 1000)} after it was submitted`],
    ['Changed', fullTime(new Date(schedule.changedAt))],
  ];
  return h('dl', { class: 'facts' }, facts.filter(([, value]) => value).map(([name, value]) => h('div', null, h('dt', null, name), h('dd', null, value))));
}
