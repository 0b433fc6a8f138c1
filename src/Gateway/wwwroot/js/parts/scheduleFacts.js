// What a schedule is, in words.
import { toKey } from '../address.js';
import { h } from '../dom.js';
import { duration, fullTime } from '../format.js';
import { t } from '../texts.js';

/** "0 3 * * * Europe/Berlin", "every 7 min". */
export const whenText = ({ cron, every, zone }) => (cron ? `${cron}${zone ? ` ${zone}` : ''}` : t.scheduleFacts.every(duration(every * 1000)));

/** The type of its jobs, or how large a flow it is. */
export const whatText = ({ type, flow }) => (flow ? t.scheduleFacts.flowOf(flow.jobs.length) : type);

export function scheduleFacts(schedule) {
  const facts = [
    [t.scheduleFacts.runs, whatText(schedule)],
    [t.words.queue, schedule.queue],
    [t.words.key, schedule.key && h('a', { href: toKey(schedule.key) }, schedule.key)],
    [t.words.when, h('code', null, whenText(schedule))],
    [t.words.from, schedule.start && fullTime(new Date(schedule.start))],
    [t.scheduleFacts.until, schedule.end && fullTime(new Date(schedule.end))],
    [t.scheduleFacts.instants, schedule.count && t.scheduleFacts.ofHaveCome(schedule.come, schedule.count)],
    [t.scheduleFacts.whileOthersHaveNotEnded, t.scheduleFacts.overlaps[schedule.overlap] ?? schedule.overlap],
    [t.scheduleFacts.ofThoseMissed, t.scheduleFacts.misseds[schedule.missed] ?? schedule.missed],
    [t.scheduleFacts.declaredBy, schedule.application && t.scheduleFacts.code(schedule.application, schedule.release)],
    [t.words.deadline, schedule.deadline && t.scheduleFacts.afterItWasSubmitted(duration(schedule.deadline * 1000))],
    [t.scheduleFacts.changed, fullTime(new Date(schedule.changedAt))],
  ];
  return h('dl', { class: 'facts' }, facts.filter(([, value]) => value).map(([name, value]) => h('div', null, h('dt', null, name), h('dd', null, value))));
}
