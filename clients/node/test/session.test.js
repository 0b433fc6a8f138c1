import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventParser } from '../src/events.js';
import { Session, keyOf } from '../src/worker/session.js';

const lease = n => ({ id: `j-${n}`, token: `${n}`, type: 't' });

/** A grid with one session, over a wire that loses calls and answers as drawn: each job's report must count, once. */
test('whatever is lost on the way, each job is started once and each report arrives', () => {
  for (let seed = 1; seed <= 300; seed++) {
    let state = seed;
    const draw = most => (state = (state * 48271) % 2147483647) % most;
    const session = new Session([{ name: 't' }]);
    const waiting = Array.from({ length: 20 }, (_, n) => lease(n));
    const leased = new Map();
    const reported = new Map();
    const started = [];
    for (let step = 0; reported.size < 20; step++) {
      assert.ok(step < 5000, `seed ${seed}`);
      for (const held of session.held.values()) if (draw(3) === 0) session.report(keyOf(held), { outcome: 'success', result: held.id });
      const call = session.call(draw(4), 1);
      const said = JSON.parse(call.body);
      if (draw(4) === 0) {
        session.failed(call);
        continue;
      }

      const reports = (said.reports ?? []).map(report => {
        const key = keyOf(report);
        const counts = leased.delete(key);
        if (counts) reported.set(key, (reported.get(key) ?? 0) + 1);
        return { id: report.id, token: report.token, status: counts || reported.has(key) ? 200 : 409 };
      });
      const named = new Set((said.holds ?? []).map(keyOf));
      const lost = [...leased].filter(([key]) => !named.has(key)).map(([, one]) => one);
      const more = said.session ? waiting.splice(0, Math.max(0, said.want - lost.length)) : [];
      for (const one of more) leased.set(keyOf(one), one);
      if (draw(4) === 0) {
        session.failed(call);
        continue;
      }

      started.push(...session.answered(call, { session: 'w-1', heartbeat: 10, leases: [...lost, ...more], reports, cancel: [] }).leases.map(keyOf));
    }

    assert.equal(new Set(started).size, started.length, `seed ${seed}: a job was started twice`);
    assert.ok([...reported.values()].every(times => times === 1), `seed ${seed}`);
  }
});

test('lines are told until they are answered, and the last go with the report', () => {
  const session = new Session([{ name: 't' }]);
  const answer = (call, more = {}) => session.answered(call, { session: 'w-1', heartbeat: 10, leases: [], reports: [], cancel: [], ...more });
  answer(session.call(1, 1));
  answer(session.call(1, 1), { leases: [lease(1)] });
  const key = keyOf(lease(1));
  session.log(key, { number: 1, text: 'one', level: 'information' });
  const first = session.call(1, 1);
  assert.deepEqual(JSON.parse(first.body).logs, [{ id: 'j-1', token: '1', from: 1, lines: [{ text: 'one', level: 'information' }] }]);
  assert.equal(first.waits, false);
  assert.equal(JSON.parse(session.call(1, 1).body).logs, undefined);
  session.failed(first);
  session.log(key, { number: 2, text: 'two', level: 'warning' });
  const second = session.call(1, 1);
  assert.deepEqual(JSON.parse(second.body).logs[0].lines.map(({ text }) => text), ['one', 'two']);
  answer(second);
  for (let number = 3; number <= 500; number++) session.log(key, { number, text: `${number}`, level: 'debug' });
  session.report(key, { outcome: 'success', result: 7 });
  const end = session.call(1, 1);
  const report = JSON.parse(end.body).reports[0];
  assert.deepEqual([report.outcome, report.logs.from, report.logs.lines.length], ['success', 301, 200]);
  // A grid that is older than lines: no job fails for them.
  assert.equal(session.refused(end, { status: 422, mistakes: [{ pointer: '/reports/0/logs', detail: 'There is no such member.' }] }), true);
  assert.deepEqual(JSON.parse(session.call(0, 0).body).reports, [{ id: 'j-1', token: '1', outcome: 'success', result: 7 }]);
});

const opened = (...leases) => {
  const session = new Session([{ name: 't' }]);
  const reply = (call, more = {}) => session.answered(call, { session: 'w-1', heartbeat: 10, leases: [], cancel: [], ...more,
    reports: (JSON.parse(call.body).reports ?? []).map(({ id, token }) => ({ id, token, status: 200 })) });
  reply(session.call(1, 1));
  reply(session.call(1, 1), { leases });
  return { session, reply };
};

test('lines with errors are counted as the bytes that they take', () => {
  const leases = Array.from({ length: 10 }, (_, n) => lease(n));
  const { session, reply } = opened(...leases);
  for (const one of leases) for (let number = 1; number <= 200; number++) session.log(keyOf(one), { number, text: 'it broke', level: 'error', error: { type: 'E', message: 'Ж'.repeat(2000) } });
  const told = new Map();
  while (session.lines.hasNews) {
    const call = session.call(0, 0);
    assert.ok(Buffer.byteLength(call.body) < 1 << 20, `${Buffer.byteLength(call.body)}`);
    for (const { id, from, lines } of JSON.parse(call.body).logs) told.set(id, [...told.get(id) ?? [], ...lines.map((_, index) => from + index)]);
    reply(call);
  }

  for (const one of leases) assert.deepEqual(told.get(one.id), Array.from({ length: 200 }, (_, n) => n + 1));
  for (const one of leases) {
    for (let number = 201; number <= 400; number++) session.log(keyOf(one), { number, text: 'Ж'.repeat(2000), level: 'error' });
    session.report(keyOf(one), { outcome: 'success', result: 'x'.repeat(1 << 20) });
  }

  while (session.held.size > 0) {
    const call = session.call(0, 0);
    assert.ok(Buffer.byteLength(call.body) < 4 << 20);
    const { logs } = JSON.parse(call.body).reports[0];
    assert.equal(logs.from + logs.lines.length - 1, 400);
    reply(call);
  }
});

test('lines that are refused are not said again, and cost no report anything', () => {
  const tooLong = { status: 413, mistakes: [], message: 'too long', name: 'Problem' };
  const { session, reply } = opened(lease(1), lease(2));
  session.log(keyOf(lease(1)), { number: 1, text: 'long', level: 'debug' });
  let call = session.call(0, 0);
  session.failed(call);
  assert.equal(session.refused(call, tooLong), true);
  assert.equal(JSON.parse(session.call(0, 0).body).logs, undefined);
  session.log(keyOf(lease(1)), { number: 2, text: 'long', level: 'debug' });
  session.log(keyOf(lease(2)), { number: 1, text: 'long', level: 'debug' });
  session.report(keyOf(lease(1)), { outcome: 'success', result: 7 });
  for (let turn = 0; turn < 6; turn++) {
    call = session.call(0, 0);
    if (call.body.includes('long')) {
      session.failed(call);
      assert.equal(session.refused(call, tooLong), true);
    } else if (call.reports.length > 0) {
      break;
    } else {
      reply(call);
    }
  }

  assert.deepEqual(JSON.parse(call.body).reports, [{ id: 'j-1', token: '1', outcome: 'success', result: 7 }]);
});

test('what is wrong elsewhere, or with whatever is said, touches no report', () => {
  const problems = ['/types/0', '/queues', '/session', '', '/seq', '/holds/0/token'].map(pointer => ({ status: 422, mistakes: [{ pointer, detail: 'no' }] }));
  for (const problem of [...problems, { status: 400, mistakes: [] }]) {
    const { session, reply } = opened(lease(1), lease(2));
    session.report(keyOf(lease(1)), { outcome: 'success', result: 'fine' });
    const answers = [];
    for (let turn = 0; turn < 5; turn++) {
      const call = session.call(0, 0);
      session.failed(call);
      answers.push(session.refused(call, { ...problem, message: 'no', name: 'Problem' }));
    }

    assert.deepEqual(answers.slice(1), [false, false, false, false], 'it is to rest');
    if (problem.status === 400) reply(session.call(0, 0));
    assert.deepEqual(JSON.parse(session.call(0, 0).body).reports, [{ id: 'j-1', token: '1', outcome: 'success', result: 'fine' }]);
  }
});

test('where no place is named, reports go one by one once a call without news was answered', () => {
  const leases = Array.from({ length: 4 }, (_, n) => lease(n));
  const { session, reply } = opened(...leases);
  for (const [n, one] of leases.entries()) session.report(keyOf(one), { outcome: 'success', result: n === 2 ? 'bad' : n });
  const ended = {};
  for (let turn = 0; turn < 20 && session.hasNews; turn++) {
    const call = session.call(0, 0);
    const said = JSON.parse(call.body).reports ?? [];
    if (said.some(report => report.result === 'bad')) {
      assert.equal(session.refused(call, { status: 400, mistakes: [], message: 'nested too deep', name: 'Problem' }), true);
      continue;
    }

    for (const report of said) ended[report.id] = report.outcome;
    reply(call);
  }

  assert.deepEqual(ended, { 'j-0': 'success', 'j-1': 'success', 'j-2': 'failure', 'j-3': 'success' });
});

test('events are put together however they are cut', () => {
  const text = 'id: 7\ndata: {"a":\ndata: 1}\n\nevent: ping\r\ndata: \r\n\r\n: said\nid: 8\ndata: x\n\n';
  for (let cut = 0; cut <= text.length; cut++) {
    const parser = new EventParser();
    const events = [...parser.feed(text.slice(0, cut)), ...parser.feed(text.slice(cut))];
    assert.deepEqual(events, [{ name: 'message', data: '{"a":\n1}', id: '7' }, { name: 'ping', data: '', id: '7' }, { name: 'message', data: 'x', id: '8' }]);
  }
});

const open = () => {
  const session = new Session([{ name: 't' }]);
  session.answered(session.call(0, 0), { session: 'w-1', heartbeat: 10 });
  return session;
};
const reply = (session, call, more = {}) => session.answered(call, { session: 'w-1', heartbeat: 10, reports: (JSON.parse(call.body).reports ?? []).map(({ id, token }) => ({ id, token, status: 200 })), ...more });
const holding = (count, report) => {
  const session = open();
  reply(session, session.call(count, 0), { leases: Array.from({ length: count }, (_, n) => lease(n)) });
  if (report !== undefined) for (const key of [...session.held.keys()]) session.report(key, report(key));
  return session;
};

test('a goodbye is said by the call that carries the last of the reports', () => {
  const session = holding(5, key => ({ outcome: 'success', result: `${key} ${'☃'.repeat(500_000)}` }));
  let calls = 0;
  for (let call; !call?.isBye; calls++) {
    call = session.call(0, 0, true);
    const said = JSON.parse(call.body);
    assert.ok(Buffer.byteLength(call.body) < 4 << 20, `${Buffer.byteLength(call.body)} bytes`);
    assert.equal(said.bye === true, said.reports.length === session.outbox.size);
    reply(session, call);
  }

  assert.deepEqual([calls, session.held.size], [3, 0]);
});

test('after a refusal without a place, reports go alone until those of that call are gone', () => {
  const session = holding(4, key => ({ outcome: 'success', result: key }));
  const call = session.call(0, 0);
  assert.equal(call.reports.length, 4);
  assert.ok(session.refused(call, { status: 413, message: 'too long', mistakes: [] }));
  const probe = session.call(1, 10);
  assert.deepEqual([probe.reports.length, probe.waits], [0, false], 'whatever says no news has to be answered first');
  reply(session, probe);
  for (let left = 4; left > 0; left--) {
    // There is always something new.
    const news = session.call(1, 0);
    assert.equal(news.reports.length, 1);
    assert.equal(JSON.parse(news.body).holds.length, session.held.size - 1, 'what is not said to have ended is held');
    reply(session, news, { leases: [lease(100 + left)] });
    session.report(keyOf(lease(100 + left)), { outcome: 'success' });
  }

  assert.equal(session.call(0, 0).reports.length, 4);
});

test('a gateway that gives fewer leases at a time is asked for fewer', () => {
  const session = holding(3, key => ({ outcome: 'success', result: key }));
  const call = session.call(1000, 0);
  assert.equal(call.want, 500);
  assert.ok(session.refused(call, { status: 422, message: 'too many', mistakes: [{ pointer: '/want', detail: 'It is 0 to 100.' }] }));
  const next = session.call(1000, 0);
  assert.deepEqual([next.want, JSON.parse(next.body).reports.map(({ outcome }) => outcome)], [100, ['success', 'success', 'success']]);
  // Without news there is nothing that it could be but the number.
  const idle = open();
  assert.ok(idle.refused(idle.call(1000, 10), { status: 422, message: 'too many', mistakes: [{ pointer: '/want' }] }));
  assert.equal(idle.call(1000, 10).want, 100);
});

test('progress of a call has its bound too', () => {
  const session = holding(400);
  for (const key of session.held.keys()) session.say(key, { current: 1, total: 1, data: 'x'.repeat(4000) });
  const calls = [];
  for (; session.progress.size > 0; reply(session, calls.at(-1))) calls.push(session.call(0, 0));
  assert.equal(calls.reduce((sum, call) => sum + call.progress.size, 0), 400);
  assert.ok(calls.every(call => call.body.length < 1 << 20));
});

test('lines count among the bytes of a call with reports', () => {
  const session = holding(20);
  for (const key of [...session.held.keys()]) {
    for (let number = 1; number <= 200; number++) session.log(key, { number, text: 'x'.repeat(2000), level: 'debug' });
    session.report(key, { outcome: 'success' });
  }

  for (let calls = 0; session.outbox.size > 0; calls++) {
    assert.ok(calls < 20);
    const call = session.call(0, 0);
    assert.ok(Buffer.byteLength(call.body) < 4 << 20, `${Buffer.byteLength(call.body)} bytes`);
    reply(session, call);
  }
});
