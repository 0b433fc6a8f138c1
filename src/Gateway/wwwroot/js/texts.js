// The texts of the console in the viewer's language, as far as there are any, and in English otherwise.
import { texts as english } from './texts/en.js';

/** The languages beside English that there are texts in: texts/NAME.js, each like en.js. */
const others = [];

const wanted = navigator.languages.flatMap((name) => [name, name.split('-')[0]]);
const language = wanted.find((name) => name === 'en' || others.includes(name)) ?? 'en';

async function load() {
  try {
    const { texts } = await import(`./texts/${language}.js`);
    return merge(english, texts);
  } catch {
    return english;
  }
}

/** What is not translated yet is in English, however deep it stands. */
function merge(all, translated) {
  if (typeof all !== 'object') return translated ?? all;
  return Object.fromEntries(Object.entries(all).map(([name, each]) => [name, merge(each, translated?.[name])]));
}

export const t = language === 'en' ? english : await load();

document.documentElement.lang = language;
