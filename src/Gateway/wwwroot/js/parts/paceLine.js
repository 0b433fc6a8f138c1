// How fast a job goes, in words, beneath its bar. Not read out with each change: those who want to know find it there.
import { h, setText } from '../dom.js';
import { duration, rate as rateWords } from '../format.js';
import { paceMemory } from '../live/pace.js';
import { t } from '../texts.js';

const refreshMs = 1000;

export function paceLine(signal) {
  const element = h('p', { class: 'pace dim', hidden: true });
  const memory = paceMemory();
  let job;

  function update(next) {
    job = next;
    if (isOnItsWay(job)) memory.add(job, performance.now());
    tell();
  }

  function tell() {
    const { rate, left, stalled } = job && isOnItsWay(job) ? memory.say(job.total, performance.now()) : {};
    const said = [
      rate && (rate >= 0.1 ? t.paceLine.aSecond(rateWords(rate)) : t.paceLine.aMinute(rateWords(rate * 60))),
      left !== null && left !== undefined && t.paceLine.aboutToGo(duration(left < 1000 ? left : Math.round(left / 1000) * 1000)),
      stalled && t.paceLine.nothingNewFor(duration(Math.floor(stalled / 1000) * 1000)),
    ].filter(Boolean);
    element.hidden = said.length === 0;
    setText(element, said.join(', '));
  }

  const timer = setInterval(tell, refreshMs);
  signal.addEventListener('abort', () => clearInterval(timer));
  return { element, update };
}

const isOnItsWay = (job) => job.state === 'PROGRESS' && job.phase !== 'cancelling' && !job.waitingFor?.length && (job.total > 1 || job.current > 0);
