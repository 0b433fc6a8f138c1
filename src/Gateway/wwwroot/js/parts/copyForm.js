// Another job like this one, with other arguments, in another queue, or of another priority.
import { go, toJob } from '../address.js';
import { announce } from '../announcer.js';
import { copyJob, getArgs } from '../api/jobs.js';
import { fill, h } from '../dom.js';
import { indent } from '../indent.js';
import { Problem } from '../api/problem.js';
import { field, textField } from './fields.js';
import { errorBox } from './notes.js';
import { t } from '../texts.js';

export function copyForm(job, signal) {
  const control = h('textarea', { class: 'code', rows: 8, spellcheck: 'false', autocomplete: 'off' });
  const args = { ...field({ label: t.copyForm.itsArguments, control, hint: t.copyForm.jsonCheckedAsThatOf }), input: control };
  const queue = textField({ label: t.copyForm.inQueue, value: job.queue });
  const priority = textField({ label: t.copyForm.withPriority, type: 'number', value: String(job.priority), attributes: { min: 0, max: 9 } });
  const places = { '/args': args, '/queue': queue, '/priority': priority };
  const trouble = h('div');
  const button = h('button', { class: 'primary' }, t.copyForm.startTheCopy);
  const form = h('form', { class: 'signal', novalidate: true, on: { submit } }, args.element, h('div', { class: 'fields' }, queue.element, priority.element), trouble, h('div', null, button));
  const element = h('details', { class: 'panel', hidden: job.type.startsWith('oj-'), on: { toggle } }, h('summary', null, t.copyForm.runAgainDifferently), form);
  let loaded = false;

  async function toggle() {
    if (!element.open || loaded) return;
    loaded = true;
    try {
      control.value = indent(await getArgs(job.id, signal));
    } catch (error) {
      loaded = false;
      if (!signal.aborted) fill(trouble, errorBox(error));
    }
  }

  async function submit(event) {
    event.preventDefault();
    fill(trouble);
    for (const place of Object.values(places)) place.setMistake('');
    const mistake = mistakeIn(control.value);
    if (mistake) return args.setMistake(mistake);
    button.disabled = true;
    try {
      // The arguments go out as the text they are, so that no number in them is read and written anew.
      const others = `${queue.input.value.trim() ? `,"queue":${JSON.stringify(queue.input.value.trim())}` : ''}${priority.input.value === '' ? '' : `,"priority":${Number(priority.input.value)}`}`;
      const copy = await copyJob(job.id, `{"args":${control.value}${others}}`);
      announce(t.copyForm.started(copy.type));
      go(toJob(copy.id));
    } catch (error) {
      const unplaced = error instanceof Problem ? error.mistakes.filter((each) => !place(each)) : [];
      if (!(error instanceof Problem) || error.mistakes.length === 0 || unplaced.length > 0) fill(trouble, errorBox(error));
      form.querySelector('[aria-invalid="true"]')?.focus();
    } finally {
      button.disabled = false;
    }
  }

  /** Shows a mistake at its input, with where in the arguments it is. */
  function place({ pointer = '', detail }) {
    const [at, found] = Object.entries(places).find(([start]) => pointer === start || pointer.startsWith(`${start}/`)) ?? [];
    if (found) found.setMistake(pointer === at ? detail : `${pointer.slice(at.length)}: ${detail}`);
    return Boolean(found);
  }

  return { element };
}

function mistakeIn(text) {
  try {
    JSON.parse(text);
    return '';
  } catch (error) {
    return t.copyForm.thisIsNotJson(error.message);
  }
}
