import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { Client } from 'orleansjobs';
import { Worker } from 'orleansjobs/worker';
import { RunningJob } from '../src/worker/job.js';
import { Session, keyOf } from '../src/worker/session.js';
import { Slots } from '../src/worker/slots.js';

const lease = n => ({ id: `j-${n}`, token: `${n}`, type: 't' });
const quiet = { warn() {}, error() {} };

function filled(handler, concurrency, count) {
  const session = new Session([{ name: 't' }]);
  session.answered(session.call(0, 0), { session: 'w-1', leases: Array.from({ length: count }, (_, n) => lease(n)) });
  const slots = new Slots(session, new Map([['t', handler]]), concurrency, () => {}, () => {}, quiet);
  slots.arrived([...session.held.values()]);
  return { session, slots };
}

const outcomes = session => Object.fromEntries([...session.outbox].map(([key, report]) => [session.held.get(key).id, report.outcome]));

test('what has not begun and has no time left is handed back, and not cancelled', () => {
  const { session, slots } = filled(() => new Promise(() => {}), 1, 3);
  slots.stop(keyOf(lease(1)), 'timeout');
  slots.stop(keyOf(lease(2)), 'cancelled');
  assert.deepEqual(outcomes(session), { 'j-1': 'returned', 'j-2': 'cancelled' });
});

test('what is abandoned is handed back once it has ended, or after a moment', async () => {
  const ended = [];
  const { session, slots } = filled(async job => {
    if (job.id === 'j-0') await new Promise(() => {});
    await new Promise(resolve => job.signal.addEventListener('abort', () => setTimeout(resolve, 50)));
    ended.push(job.id);
    return 7;
  }, 2, 2);
  const abandoned = slots.abandon();
  assert.deepEqual(outcomes(session), {}, 'they still run');
  await abandoned;
  assert.deepEqual([ended, outcomes(session)], [['j-1'], { 'j-0': 'returned', 'j-1': 'success' }]);
});

test('a message is cut between letters', () => {
  let said;
  new RunningJob(lease(1), progress => said = progress).report(1, 2, `${'x'.repeat(999)}😀😀`);
  assert.ok(said.message.isWellFormed() && said.message.length <= 1000);
});

/** Answers by itself, and counts. */
async function gateway(test, answer) {
  const server = createServer((request, response) => {
    request.resume();
    answer(request, response);
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  test.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${server.address().port}`;
}

test('who is to stop does not sleep for as long as a proxy asks for', async test => {
  const url = await gateway(test, (_, response) => response.writeHead(503, { 'retry-after': '600' }).end());
  const worker = new Worker({ url, log: { ...quiet, warn: () => setImmediate(() => worker.stop()) } });
  await worker.job('t', () => {}).run({ signals: false });
});

test('patience counts from the first failure, not from the question', async test => {
  let calls = 0;
  const url = await gateway(test, (_, response) => {
    if (++calls > 1) return response.writeHead(200, { 'content-type': 'application/json' }).end('{"id":"a","state":"SUCCESS","result":1,"current":0,"total":1}');
    // Held for longer than the patience, then cut.
    setTimeout(() => response.socket.destroy(), 700);
  });
  await new Client({ url, patience: 0.5 }).status('a');
  assert.equal(calls, 2);
});
