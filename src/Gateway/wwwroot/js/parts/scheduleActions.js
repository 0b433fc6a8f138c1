// What can be done to a schedule, as buttons.
import { toSchedule } from '../address.js';
import { announce } from '../announcer.js';
import { deleteSchedule, pauseSchedule, resumeSchedule, triggerSchedule } from '../api/schedules.js';
import { fill, h } from '../dom.js';
import { may } from '../live/caller.js';
import { ask } from './dialog.js';
import { textField } from './fields.js';
import { errorBox } from './notes.js';

/** @param {{trouble: HTMLElement, onChange: () => void, onDeleted?: () => void}} options `trouble` is where mistakes are shown. */
export function scheduleActions(schedule, { trouble, onChange, onDeleted }) {
  const { id, paused, application, version } = schedule;
  if (!may('operate')) return null;

  const button = (text, click, kind = 'quiet') => h('button', { type: 'button', class: kind, data: { key: `${text} ${id}` }, on: { click } }, text, h('span', { class: 'unseen' }, ` ${id}`));

  async function change(act, said) {
    fill(trouble);
    try {
      await act(id);
      announce(said);
    } catch (error) {
      fill(trouble, errorBox(error));
    }
    onChange();
  }

  async function pause() {
    const reason = textField({ label: 'Why', hint: 'Shown to everybody who looks at this schedule.', attributes: { maxlength: 256 } });
    const done = await ask({
      title: `Pause ${id}?`,
      text: 'No instant is served until it is resumed. Those that pass meanwhile are not missed.',
      fields: [reason.element],
      action: 'Pause',
      act: () => pauseSchedule(id, reason.input.value.trim()),
    });
    if (!done) return;
    announce(`${id} is paused`);
    onChange();
  }

  async function remove() {
    const done = await ask({ title: `Delete ${id}?`, text: 'Its jobs stay as they are. This cannot be undone.', action: 'Delete', danger: true, act: () => deleteSchedule(id, version) });
    if (!done) return;
    announce(`${id} is deleted`);
    onDeleted?.();
  }

  return h(
    'div',
    { class: 'actions', role: 'group', 'aria-label': `Actions on ${id}` },
    paused ? button('Resume', () => change(resumeSchedule, `${id} is resumed`), null) : button('Pause', pause),
    button('Run now', () => change(triggerSchedule, `${id} runs once`)),
    // What code declares, it would take back.
    !application && h('a', { class: 'button quiet', href: toSchedule(id, 'edit') }, 'Edit', h('span', { class: 'unseen' }, ` ${id}`)),
    onDeleted && !application && button('Delete', remove, 'danger-quiet'),
  );
}
