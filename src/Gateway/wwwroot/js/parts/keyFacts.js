// What is said of a key, in words.
import { toKey } from '../address.js';
import { h } from '../dom.js';
import { count } from '../format.js';
import { ago } from './time.js';
import { t } from '../texts.js';

/** Why nothing more of a key starts; nothing where it may. */
export const heldText = ({ held }) => t.keyFacts.holds[held] ?? held;

export function ruleText(rule) {
  if (!rule) return t.keyFacts.noRuleItsJobsTake;
  const { concurrency, rate, order, weight } = rule;
  const said = [
    concurrency && t.keyFacts.atMostAtATime(count(concurrency)),
    rate && t.keyFacts.rate(count(rate.limit), rate.per, rate.burst > 1 && count(rate.burst), rate.on === 'reject'),
    order === 'fifo' && t.keyFacts.inTheOrderOfTheir,
    order === 'fifo-start' && t.keyFacts.firstStartedInTheOrder,
    weight && t.keyFacts.turnsForOneOfOthers(count(weight)),
  ].filter(Boolean);
  return said.length > 0 ? said.join('; ') : t.keyFacts.aRuleThatLimitsNothing;
}

function saidOf({ key, from }) {
  if (from === key) return t.keyFacts.thisNameItself;
  return from === 'configuration' ? t.keyFacts.theConfiguration : h('a', { href: toKey(from) }, from);
}

export function keyFacts(key) {
  const all = [
    [t.keyFacts.rule, ruleText(key.rule)],
    [t.keyFacts.saidOf, key.from && saidOf(key)],
    [t.keyFacts.keysWithJobs, key.keys !== undefined && count(key.keys)],
    [t.words.waiting, count(key.waiting)],
    [t.words.running, key.rule?.concurrency && key.keys === undefined ? t.keyFacts.runningOf(count(key.running), count(key.rule.concurrency)) : count(key.running)],
    [t.keyFacts.leftOfTheRate, key.left !== undefined && count(key.left)],
    [t.keyFacts.theNextMayStart, key.next ? ago(key.next) : key.held && key.held !== 'rate' ? t.keyFacts.notNow(heldText(key)) : key.keys === undefined && key.rule && t.keyFacts.now],
  ];
  return h('dl', { class: 'facts' }, all.filter(([, value]) => value !== undefined && value !== null && value !== false).map(([name, value]) => h('div', null, h('dt', null, name), h('dd', null, value))));
}
