// Starts a job of any type the grid knows.
import { announce } from '../announcer.js';
import { submitJob } from '../api/jobs.js';
import { Problem } from '../api/problem.js';
import { fill, h, setText } from '../dom.js';
import { selectField, textField } from '../parts/fields.js';
import { errorBox } from '../parts/notes.js';
import { argsForm } from './argsForm.js';
import { Mistakes, readAll } from './mistake.js';
import { submitOptions } from './submitOptions.js';
import { t } from '../texts.js';

const usual = 'longtask';

/**
 * @param {{types?: object[], preferred?: string, onStarted: (job: object) => void, onType: (name: string) => void}} options
 *   Without `types` (a key may be good for submitting and not for reading them) the name is typed and the arguments are JSON.
 */
export function startForm({ types, preferred, onStarted, onType }) {
  const places = new Map();
  const options = submitOptions(places);
  const named = (name) => (types ? types.find((each) => each.name === name) : { name, argsSchema: true });
  const first = named(preferred ?? usual) ?? named(usual) ?? types[0];
  const label = t.words.jobType;
  const choice = types ? selectField({ label, options: types.map(({ name }) => name), value: first.name }) : textField({ label, value: first.name, required: true });
  places.set('/type', choice.setMistake);
  const about = h('p', { class: 'about' });
  const args = h('div');
  const trouble = h('div');
  const button = h('button', { class: 'primary large' });
  const element = h('form', { class: 'start-form', novalidate: true, on: { submit } }, h('div', { class: 'start-top' }, choice.element, button), about, args, options.element, trouble);
  let type;
  let form;

  function choose(name) {
    const isOtherForm = Boolean(types) || !form;
    type = named(name);
    setText(button, type.name === usual ? t.startForm.startALongJob : t.startForm.start(type.name));
    // What was written for a name that was mistyped is good for the right one too.
    if (!isOtherForm) return;
    for (const pointer of [...places.keys()]) if (pointer.startsWith('/args')) places.delete(pointer);
    form = argsForm(type, places);
    fill(args, form.element);
    fill(trouble);
    fill(about, type.description, type.description && ' ', type.silos === 0 && h('strong', { class: 'warn' }, t.startForm.noRunningSiloHasA));
  }

  async function submit(event) {
    event.preventDefault();
    for (const setMistake of places.values()) setMistake('');
    fill(trouble);
    let body;
    try {
      body = bodyText();
    } catch (error) {
      if (!(error instanceof Mistakes)) throw error;
      return showMistakes(error.all.map(({ pointer, message }) => ({ pointer, detail: message })));
    }
    button.disabled = true;
    try {
      const job = await submitJob(body);
      announce(t.startForm.started(job.type));
      onStarted(job);
    } catch (error) {
      const unplaced = error instanceof Problem ? showMistakes(error.mistakes) : [];
      if (!(error instanceof Problem) || error.mistakes.length === 0 || unplaced.length > 0) fill(trouble, errorBox(error));
    } finally {
      button.disabled = false;
    }
  }

  // The arguments go out as the text they are.
  function bodyText() {
    const [argsText, chosen] = readAll([form.read, options.read]);
    return `{"type":${JSON.stringify(type.name)},"args":${argsText}${Object.entries(chosen).map(([name, value]) => `,${JSON.stringify(name)}:${JSON.stringify(value)}`).join('')}}`;
  }

  /** Shows each mistake at the nearest input, and gives back those that have none. */
  function showMistakes(mistakes) {
    const unplaced = mistakes.filter(({ pointer, detail }) => {
      const place = nearest(pointer ?? '');
      if (!place) return true;
      if (place !== '/type' && !place.startsWith('/args')) options.open();
      places.get(place)(detail);
      return false;
    });
    element.querySelector('[aria-invalid="true"]')?.focus();
    return unplaced;
  }

  function nearest(pointer) {
    for (let at = pointer; at; at = at.slice(0, at.lastIndexOf('/'))) if (places.has(at)) return at;
    return undefined;
  }

  choice.input.addEventListener('change', () => {
    choose(choice.input.value);
    onType(choice.input.value);
  });
  choose(first.name);
  return { element, setQueues: options.setQueues };
}
