// What can be done to a schedule, as buttons.
import { toSchedule } from '../address.js';
import { announce } from '../announcer.js';
import { deleteSchedule, pauseSchedule, resumeSchedule, triggerSchedule } from '../api/schedules.js';
import { fill, h } from '../dom.js';
import { may } from '../live/caller.js';
import { ask } from './dialog.js';
import { textField } from './fields.js';
import { errorBox } from './notes.js';
import { t } from '../texts.js';

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
    const reason = textField({ label: t.words.why, hint: t.scheduleActions.shownToEverybodyWhoLooks, attributes: { maxlength: 256 } });
    const done = await ask({
      title: t.scheduleActions.pause(id),
      text: t.scheduleActions.noInstantIsServedUntil,
      fields: [reason.element],
      action: t.words.pause,
      act: () => pauseSchedule(id, reason.input.value.trim()),
    });
    if (!done) return;
    announce(t.scheduleActions.isPaused(id));
    onChange();
  }

  async function remove() {
    const done = await ask({ title: t.scheduleActions.deleteIt(id), text: t.scheduleActions.itsJobsStayAsThey, action: t.words.deleteIt, danger: true, act: () => deleteSchedule(id, version) });
    if (!done) return;
    announce(t.scheduleActions.isDeleted(id));
    onDeleted?.();
  }

  return h(
    'div',
    { class: 'actions', role: 'group', 'aria-label': t.scheduleActions.actionsOn(id) },
    paused ? button(t.words.resume, () => change(resumeSchedule, t.scheduleActions.isResumed(id)), null) : button(t.words.pause, pause),
    button(t.words.runNow, () => change(triggerSchedule, t.scheduleActions.runsOnce(id))),
    // What code declares, it would take back.
    !application && h('a', { class: 'button quiet', href: toSchedule(id, 'edit') }, t.scheduleActions.edit, h('span', { class: 'unseen' }, ` ${id}`)),
    onDeleted && !application && button(t.words.deleteIt, remove, 'danger-quiet'),
  );
}
