// What is said of a key, in words.
import { toKey } from '../address.js';
import { h } from '../dom.js';
import { count } from '../format.js';
import { ago } from './time.js';

const holds = { concurrency: 'as many run as may', rate: 'as many have started as may for now', paused: 'it is paused', order: 'one before it has to start first' };

/** Why nothing more of a key starts; nothing where it may. */
export const heldText = ({ held }) => holds[held] ?? held;

const seconds = (value) => `${count(value)} ${value === 1 ? 'second' : 'seconds'}`;

export function ruleText(rule) {
  if (!rule) return 'No rule: its jobs take turns with those of other keys, and nothing else holds them back.';
  const { concurrency, rate, order, weight } = rule;
  const said = [
    concurrency && `at most ${count(concurrency)} at a time`,
    rate && `${count(rate.limit)} per ${seconds(rate.per)}${rate.burst > 1 ? `, up to ${count(rate.burst)} at once` : ''}${rate.on === 'reject' ? ', others are refused' : ''}`,
    order === 'fifo' && 'in the order of their submits, one that fails keeping its place',
    order === 'fifo-start' && 'first started in the order of their submits',
    weight && `${count(weight)} turns for one of others`,
  ].filter(Boolean);
  return said.length > 0 ? said.join('; ') : 'A rule that limits nothing, in place of that of its prefix.';
}

function saidOf({ key, from }) {
  if (from === key) return 'this name itself';
  return from === 'configuration' ? 'the configuration' : h('a', { href: toKey(from) }, from);
}

export function keyFacts(key) {
  const all = [
    ['Rule', ruleText(key.rule)],
    ['Said of', key.from && saidOf(key)],
    ['Keys with jobs', key.keys !== undefined && count(key.keys)],
    ['Waiting', count(key.waiting)],
    ['Running', key.rule?.concurrency ? `${count(key.running)}${key.keys === undefined ? ` of ${count(key.rule.concurrency)}` : ''}` : count(key.running)],
    ['Left of the rate', key.left !== undefined && count(key.left)],
    ['The next may start', key.next ? ago(key.next) : key.held && key.held !== 'rate' ? `Not now: ${heldText(key)}` : key.keys === undefined && key.rule && 'Now'],
  ];
  return h('dl', { class: 'facts' }, all.filter(([, value]) => value !== undefined && value !== null && value !== false).map(([name, value]) => h('div', null, h('dt', null, name), h('dd', null, value))));
}
