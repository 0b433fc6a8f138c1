// Makes a schedule, or changes one, with what it would come to.
import { go, toSchedule } from '../address.js';
import { announce } from '../announcer.js';
import { getJobTypes } from '../api/grid.js';
import { Problem } from '../api/problem.js';
import { getSchedule, preview, putSchedule } from '../api/schedules.js';
import { fill, h } from '../dom.js';
import { Mistakes } from '../form/mistake.js';
import { may } from '../live/caller.js';
import { scheduleForm } from '../form/scheduleForm.js';
import { errorBox, loading, notAllowed } from '../parts/notes.js';
import { nextList } from './schedule.js';
import { t } from '../texts.js';

export const title = ([, id]) => (id ? t.scheduleEdit.edit(id) : t.words.newSchedule);

export function mount(root, { segments, signal }) {
  const id = segments[2] === 'edit' ? segments[1] : undefined;
  if (!may('operate')) {
    fill(root, h('h1', null, id ?? t.words.newSchedule), notAllowed(t.scheduleEdit.youMayLookAtSchedules));
    return;
  }
  fill(root, loading());
  load();

  async function load() {
    try {
      const [types, schedule] = await Promise.all([getJobTypes(signal).catch(() => []), id ? getSchedule(id, signal) : undefined]);
      show(types, schedule);
    } catch (error) {
      if (!signal.aborted) fill(root, h('h1', null, id ?? t.words.newSchedule), errorBox(error, { retry: load }));
    }
  }

  function show(types, schedule) {
    const form = scheduleForm({ types, schedule, onInstants: look });
    const coming = h('div', { 'aria-live': 'polite' });
    const trouble = h('div');
    const save = h('button', { class: 'primary large' }, id ? t.scheduleEdit.save : t.scheduleEdit.makeTheSchedule);
    fill(
      root,
      h('h1', null, id ? t.scheduleEdit.edit(id) : t.words.newSchedule),
      h(
        'form',
        { novalidate: true, on: { submit } },
        h('div', { class: 'columns' }, h('section', { class: 'panel', 'aria-label': t.words.schedule }, form.element), h('section', { 'aria-labelledby': 'coming' }, h('h2', { id: 'coming' }, t.scheduleEdit.theNextTen), coming)),
        trouble,
        save,
      ),
    );
    let asking = new AbortController();
    look(form.instants());

    /** What stands in the form now, asked for as it changes. */
    async function look({ left, ...instants }) {
      asking.abort();
      asking = new AbortController();
      const asked = AbortSignal.any([signal, asking.signal]);
      if (!instants.cron && !instants.every) {
        fill(coming, h('p', { class: 'dim' }, t.scheduleEdit.sayWhenAndWhatWould));
        return;
      }
      try {
        const { next } = left > 0 ? await preview(instants, left, asked) : { next: [] };
        if (asked.aborted) return;
        form.showMistakes([]);
        fill(coming, nextList(next, instants.zone));
      } catch (error) {
        if (asked.aborted) return;
        const unplaced = error instanceof Problem ? form.showMistakes(error.mistakes) : [];
        fill(coming, (!(error instanceof Problem) || unplaced.length > 0 || error.mistakes.length === 0) && errorBox(error));
      }
    }

    async function submit(event) {
      event.preventDefault();
      fill(trouble);
      form.showMistakes([]);
      save.disabled = true;
      try {
        const { name, body } = form.read();
        const made = await putSchedule(id ?? name, body, schedule?.version);
        announce(t.scheduleEdit.isSaved(made.id));
        go(toSchedule(made.id));
      } catch (error) {
        const all = error instanceof Mistakes ? error.all.map(({ pointer, message }) => ({ pointer, detail: message })) : (error.mistakes ?? []);
        const unplaced = form.showMistakes(all);
        if (all.length === 0 || unplaced.length > 0) fill(trouble, errorBox(error));
        form.element.querySelector('[aria-invalid="true"]')?.focus();
      } finally {
        save.disabled = false;
      }
    }
  }
}
