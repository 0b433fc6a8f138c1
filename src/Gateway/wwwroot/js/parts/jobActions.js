// What can be done to a job, as buttons that are there only when they can be used.
import { announce } from '../announcer.js';
import { cancelJob, deleteJob, getJob, moveJob, prioritiseJob, retryJob, transferJob } from '../api/jobs.js';
import { h, fill } from '../dom.js';
import { shortId } from '../format.js';
import { may } from '../live/caller.js';
import { offer } from '../live/jobFeed.js';
import { isFinished } from '../live/jobStates.js';
import { ask } from './dialog.js';
import { textField } from './fields.js';
import { errorBox } from './notes.js';
import { localTime } from './time.js';
import { t } from '../texts.js';

/**
 * @param {object} job
 * @param {{trouble: HTMLElement, only?: string[], onDeleted?: () => void, onChange?: (job: object) => void}} options `trouble` is where mistakes are shown.
 */
export function jobActions(job, { trouble, only, onDeleted, onChange }) {
  let current = job;
  const name = `${job.type} ${shortId(job.id)}`;
  const buttons = {
    cancel: button(t.words.cancel, () => change(cancelJob, t.jobActions.cancelling(name))),
    retry: button(t.words.runAgain, () => change(retryJob, t.jobActions.runningAgain(name))),
    now: button(t.words.runNow, () => change(moveJob, t.jobActions.isDueNow(name))),
    move: button(t.jobActions.move, move),
    priority: button(t.words.priority, prioritise),
    queue: button(t.words.queue, transfer),
    remove: button(t.words.deleteIt, remove, 'danger-quiet'),
  };
  const element = h('div', { class: 'actions', role: 'group', 'aria-label': t.jobActions.actionsOn(name), tabindex: -1 }, may('operate') && Object.entries(buttons).filter(([key]) => !only || only.includes(key)).map(([, value]) => value));

  function button(text, click, kind = 'quiet') {
    return h('button', { type: 'button', class: kind, on: { click } }, text, h('span', { class: 'unseen' }, ` ${name}`));
  }

  async function change(act, said) {
    const hadFocus = element.contains(document.activeElement);
    fill(trouble);
    setBusy(true);
    try {
      await act(current.id);
      announce(said);
      const next = await getJob(current.id);
      offer(next);
      onChange?.(next);
    } catch (error) {
      fill(trouble, errorBox(error));
    } finally {
      setBusy(false);
      // The button may be gone; who works by keyboard goes on from where it was.
      if (hadFocus) element.focus();
    }
  }

  async function move() {
    const when = textField({ label: t.words.when, type: 'datetime-local', required: true, value: localTime(current.dueAt) });
    const moved = await ask({
      title: t.jobActions.whenIsItToRun,
      fields: [when.element],
      action: t.jobActions.move,
      act: () => moveJob(current.id, new Date(when.input.value).toISOString()),
    });
    if (moved) await change(getJob, t.jobActions.isMoved(name));
  }

  async function prioritise() {
    const priority = textField({ label: t.words.priority, type: 'number', hint: t.jobActions.higherGoesFirst, required: true, value: String(current.priority), attributes: { min: 0, max: 9 } });
    const changed = await ask({
      title: t.jobActions.howUrgentIsIt,
      fields: [priority.element],
      action: t.jobActions.change,
      act: () => prioritiseJob(current.id, priority.input.valueAsNumber),
    });
    if (changed) await change(getJob, t.jobActions.hasAnotherPriority(name));
  }

  async function transfer() {
    const queue = textField({ label: t.words.queue, hint: t.jobActions.waitsThereByTheSame, required: true, value: current.queue, attributes: { maxlength: 64, pattern: '[A-Za-z0-9._\\-]+' } });
    const changed = await ask({
      title: t.jobActions.intoWhichQueue,
      fields: [queue.element],
      action: t.jobActions.change,
      act: () => transferJob(current.id, queue.input.value.trim()),
    });
    if (changed) await change(getJob, t.jobActions.isInAnotherQueue(name));
  }

  async function remove() {
    const id = current.id;
    const deleted = await ask({
      title: t.jobActions.deleteThisJob,
      text: t.jobActions.itsArgumentsItsResultAnd,
      action: t.words.deleteIt,
      danger: true,
      act: () => deleteJob(id),
    });
    if (deleted) {
      announce(t.jobActions.deleted(name));
      onDeleted?.();
    }
  }

  const setBusy = (busy) => Object.values(buttons).forEach((each) => (each.disabled = busy));

  const update = (next) => {
    current = next;
    const finished = isFinished(next);
    buttons.cancel.hidden = finished || next.phase === 'cancelling';
    buttons.retry.hidden = next.state !== 'FAILURE' && next.state !== 'REVOKED';
    buttons.now.hidden = buttons.move.hidden = !waitsForTime(next);
    buttons.priority.hidden = finished || next.phase === 'running' || next.phase === 'cancelling';
    // What the grid runs itself is in queues of its own.
    buttons.queue.hidden = buttons.priority.hidden || next.type.startsWith('oj-');
    buttons.remove.hidden = !finished;
  };
  update(job);
  return { element, update };
}

const waitsForTime = ({ phase, waitingFor = [] }) => (phase === 'scheduled' || phase === 'retrying') && waitingFor.every(({ what }) => what === 'time' || what === 'retry');
