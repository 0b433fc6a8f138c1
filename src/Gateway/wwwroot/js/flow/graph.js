// The drawing of a graph: its jobs as boxes, what follows what as lines.
import { toJob } from '../address.js';
import { fill, h, setAttribute, setText } from '../dom.js';
import { count, duration } from '../format.js';
import { stateWord } from '../live/jobStates.js';
import { waitsBriefly } from '../parts/waits.js';
import { layout } from './layout.js';
import { t } from '../texts.js';

const ns = 'http://www.w3.org/2000/svg';
const box = { width: 176, height: 62, across: 44, down: 14 };

export function graph() {
  const list = h('ol', { class: 'graph-nodes' });
  const lines = document.createElementNS(ns, 'svg');
  lines.setAttribute('aria-hidden', 'true');
  const canvas = h('div', { class: 'graph-canvas' }, lines, list);
  const element = h('div', { class: 'graph', tabindex: 0, role: 'group', 'aria-label': t.graph.graphOfTheFlow }, canvas);
  let shape;
  let boxes = [];

  function update(jobs) {
    const next = JSON.stringify(jobs.map(({ name, after }) => [name, after]));
    if (next !== shape) draw(jobs);
    shape = next;
    jobs.forEach((job, index) => boxes[index].update(job));
  }

  function draw(jobs) {
    const { columns, rows, nodes, edges } = layout(jobs);
    const at = ({ column, row }) => ({ x: column * (box.width + box.across), y: row * (box.height + box.down) });
    const size = { width: columns * (box.width + box.across) - box.across, height: rows * (box.height + box.down) - box.down };
    canvas.style.width = `${size.width}px`;
    canvas.style.height = `${size.height}px`;
    lines.setAttribute('viewBox', `0 0 ${size.width} ${size.height}`);
    lines.replaceChildren(...edges.map(({ from, to, on }) => line(at(nodes[from]), at(nodes[to]), on)));
    boxes = nodes.map((node) => nodeBox(at(node)));
    fill(list, boxes.map((each) => each.element));
  }
  return { element, update };
}

function line(from, to, on) {
  const path = document.createElementNS(ns, 'path');
  const [x1, y1, x2, y2] = [from.x + box.width, from.y + box.height / 2, to.x, to.y + box.height / 2];
  const bend = Math.max(box.across, (x2 - x1) / 2);
  path.setAttribute('d', `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`);
  path.dataset.on = on;
  return path;
}

function nodeBox({ x, y }) {
  const name = h('span', { class: 'graph-name' });
  const state = h('span', { class: 'badge' });
  const detail = h('span', { class: 'graph-detail dim' });
  const link = h('a', { class: 'graph-box' }, name, state, detail);
  const element = h('li', null, link);
  element.style.transform = `translate(${x}px, ${y}px)`;

  function update(job) {
    setText(name, job.name);
    setAttribute(link, 'href', job.id ? toJob(job.id) : null);
    setAttribute(link, 'title', `${job.name}: ${job.type}${job.error ? `: ${job.error.message}` : ''}`);
    state.dataset.state = job.state;
    setText(state, wordOf(job));
    setText(detail, detailOf(job));
  }
  return { element, update };
}

const wordOf = (job) => (job.state === 'SKIPPED' ? t.graph.notRun : stateWord(job));

function detailOf(job) {
  if (job.children) {
    const { succeeded, failed, total } = job.children;
    return t.graph.ended(count(succeeded + failed), total === undefined ? '?' : count(total), failed > 0 && count(failed));
  }
  if (job.startedAt) return duration(new Date(job.finishedAt ?? Date.now()) - new Date(job.startedAt));
  return job.waitingFor?.length ? t.graph.waitsFor(waitsBriefly(job.waitingFor)) : '';
}
