// Sends a job something that it waits for, or will, as long as it has not ended.
import { announce } from '../announcer.js';
import { sendSignal } from '../api/jobs.js';
import { fill, h, setText } from '../dom.js';
import { isFinished } from '../live/jobStates.js';
import { textField } from './fields.js';
import { errorBox } from './notes.js';
import { t } from '../texts.js';

export function signalForm(job) {
  const name = textField({ label: t.signalForm.signal, required: true, attributes: { maxlength: 128, list: `signals-${job.id}` } });
  const body = textField({ label: t.signalForm.whatItSays, hint: t.signalForm.jsonNothingIsNull, placeholder: 'null' });
  const offered = h('datalist', { id: `signals-${job.id}` });
  const trouble = h('div');
  const said = h('p', { class: 'dim', role: 'status' });
  const button = h('button', { class: 'quiet' }, t.signalForm.send);
  const form = h('form', { class: 'signal', novalidate: true, on: { submit } }, name.element, body.element, h('div', { class: 'signal-buttons' }, button, said), trouble, offered);
  const element = h('details', { class: 'panel' }, h('summary', null, t.signalForm.sendASignal), form);

  async function submit(event) {
    event.preventDefault();
    fill(trouble);
    setText(said, '');
    const signal = name.input.value.trim();
    const text = body.input.value.trim();
    if (!signal) return name.setMistake(t.signalForm.aSignalHasAName);
    if (text && !isJson(text)) return body.setMistake(t.signalForm.thisIsNotJson);
    button.disabled = true;
    try {
      await sendSignal(job.id, signal, text || 'null');
      setText(said, t.signalForm.isSent(signal));
      announce(t.signalForm.signalIsSent(signal));
      body.input.value = '';
    } catch (error) {
      fill(trouble, errorBox(error));
    } finally {
      button.disabled = false;
    }
  }

  /** Those that it waits for now are offered, and the form is open for them. */
  function update(next) {
    element.hidden = isFinished(next);
    const names = (next.waitingFor ?? []).filter(({ what }) => what === 'signal').map((reason) => reason.name);
    if (names.join('\n') === element.dataset.names) return;
    element.dataset.names = names.join('\n');
    fill(offered, names.map((value) => h('option', { value })));
    if (names.length === 0) return;
    element.open = true;
    if (!name.input.value) name.input.value = names[0];
  }
  update(job);
  return { element, update };
}

function isJson(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
