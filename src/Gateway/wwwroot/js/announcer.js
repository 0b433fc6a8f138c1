// Says things to people who listen to the page. Only what matters: a bar that moves is not read out.

const element = document.getElementById('announcer');

export function announce(text) {
  // The same text twice is no change, and would not be read out.
  element.textContent = element.textContent === text ? `${text}\u00a0` : text;
}
