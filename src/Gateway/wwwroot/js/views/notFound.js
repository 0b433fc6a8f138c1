import { fill, h } from '../dom.js';
import { empty } from '../parts/notes.js';

export const title = () => 'Not found';

export function mount(root) {
  fill(root, h('h1', null, 'Not found'), empty('There is no such page', h('a', { href: '#/' }, 'Go to the start')));
}
