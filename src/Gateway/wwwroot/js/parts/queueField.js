// Which queue: by name, or one of those that the viewer is limited to.
import { ownQueues } from '../live/caller.js';
import { selectField, textField } from './fields.js';

/** @param {{label: string, value?: string, placeholder?: string, list?: string}} options `list` is the id of what names are offered. */
export function queueField({ label, value = '', placeholder, list }) {
  const queues = ownQueues();
  return queues.length === 0 ? textField({ label, value, placeholder, attributes: { list } }) : selectField({ label, options: queues, value: queues.includes(value) ? value : queues[0] });
}
