import { fill, h } from '../dom.js';
import { empty } from '../parts/notes.js';
import { t } from '../texts.js';

export const title = () => t.notFound.notFound;

export function mount(root) {
  fill(root, h('h1', null, t.notFound.notFound), empty(t.notFound.thereIsNoSuchPage, h('a', { href: '#/' }, t.notFound.goToTheStart)));
}
