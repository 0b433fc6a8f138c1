// The API key lives as long as the tab does, and goes nowhere but into the Authorization header.

const name = 'orleansjobs.key';
const changed = new EventTarget();

export const getKey = () => sessionStorage.getItem(name) ?? '';

export function setKey(key) {
  if (key) sessionStorage.setItem(name, key);
  else sessionStorage.removeItem(name);
  changed.dispatchEvent(new Event('change'));
}

export const onKeyChange = (listener, options) => changed.addEventListener('change', listener, options);
