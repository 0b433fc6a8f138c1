import assert from 'node:assert/strict';
import { createServer, request } from 'node:http';
import { test } from 'node:test';
import { Client, Problem, flowJob, ref } from 'orleansjobs';
import { says } from '../src/schedules.js';
import { QUICK, client, unique, url } from './grid.js';

const NEVER = { cron: '0 0 1 1 *' };

async function all(found) {
  const items = [];
  for await (const one of found) items.push(one);
  return items;
}

/** A wire that loses the answer to the first request. */
async function losing(test) {
  let count = 0;
  const server = createServer((asked, answer) => {
    const first = count++ === 0;
    const onward = request(url + asked.url, { method: asked.method, headers: asked.headers }, got => {
      if (first) {
        got.resume().on('end', () => answer.destroy());
        return;
      }

      answer.writeHead(got.statusCode, got.headers);
      got.pipe(answer);
    });
    asked.pipe(onward);
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  test.after(() => new Promise(resolve => {
    server.close(resolve);
    server.closeAllConnections();
  }));
  return new Client({ url: `http://127.0.0.1:${server.address().port}` });
}

test('a schedule is made, changed where nobody else has, ordered about, and removed', async test => {
  const id = unique('schedule');
  test.after(() => client.deleteSchedule(id).catch(() => {}));
  const made = await client.putSchedule(id, 'longtask', QUICK, { ...NEVER, zone: 'Europe/Berlin', tags: { kind: 'test' }, key: 'tenant/7', weight: 2, start: new Date(0), ifVersion: '', overlap: 'all' });
  assert.deepEqual([made.id, made.type, made.zone, made.key, made.weight], [id, 'longtask', 'Europe/Berlin', 'tenant/7', 2]);
  await assert.rejects(client.putSchedule(id, 'longtask', QUICK, { every: 60, ifVersion: '' }), error => error instanceof Problem && error.status === 412);
  const changed = await client.putSchedule(id, 'longtask', QUICK, { every: 3600, overlap: 'all', ifVersion: made.version });
  assert.deepEqual([changed.every, changed.cron, (await client.schedule(id)).version], [3600, undefined, changed.version]);
  assert.equal((await client.pauseSchedule(id, { reason: 'not this week' })).paused.reason, 'not this week');
  assert.equal((await client.resumeSchedule(id)).paused, undefined);
  assert.ok((await all(client.schedules())).some(one => one.id === id));
  const job = await client.triggerSchedule(id, { key: 'once' });
  assert.equal(await client.triggerSchedule(id, { key: 'once' }), job);
  assert.equal(await client.result(job, { timeout: 60 }), 42);
  assert.deepEqual((await client.scheduleRuns(id)).map(run => [run.job, run.cause]), [[job, 'trigger']]);
  await client.putSchedule(id, 'longtask', QUICK, { ...NEVER, overlap: 'all' });
  const year = new Date().getUTCFullYear();
  assert.equal((await client.backfillSchedule(id, new Date(Date.UTC(year - 2, 5, 1)), `${year}-01-02T00:00:00Z`)).length, 2);
  await client.deleteSchedule(id);
  await assert.rejects(client.schedule(id), error => error.code === 'schedule-not-found');
});

test('a schedule of a flow', async test => {
  const id = unique('schedule');
  test.after(() => client.deleteSchedule(id).catch(() => {}));
  const flow = { jobs: [flowJob('a', 'longtask', QUICK), flowJob('b', 'longtask', QUICK, { after: ['a'] })], result: ref('b.result') };
  const made = await client.putFlowSchedule(id, flow, { ...NEVER, deadline: 7200 });
  assert.deepEqual([made.type, made.deadline, made.flow.jobs.map(one => one.name)], [undefined, 7200, ['a', 'b']]);
  assert.equal(await client.result(await client.triggerSchedule(id), { timeout: 60 }), 42);
});

test('an edit whose answer was lost is no conflict', async test => {
  const id = unique('schedule');
  test.after(() => client.deleteSchedule(id).catch(() => {}));
  const made = await (await losing(test)).putSchedule(id, 'longtask', QUICK, { ...NEVER, start: '2030-01-01T00:00:00Z', tags: { a: 'b' }, ifVersion: '' });
  const changed = await (await losing(test)).putSchedule(id, 'longtask', QUICK, { ...NEVER, count: 7, ifVersion: made.version });
  assert.deepEqual([changed.count, changed.start], [7, undefined]);
  await assert.rejects((await losing(test)).putSchedule(id, 'longtask', QUICK, { ...NEVER, count: 8, ifVersion: made.version }), error => error.status === 412);
});

test('what an edit is known again by', () => {
  const put = { type: 't', every: 60, start: '2030-01-01T00:00:00Z' };
  const found = {
    ...put, id: 's', version: '7', args: {}, tags: {}, priority: 4, queue: 'default', overlap: 'skip', missed: 'one', anchor: put.start, createdAt: '2029-01-01T00:00:00.5Z', runs: [],
  };
  assert.ok(says(found, put));
  const others = [
    { zone: 'Europe/Berlin' }, { jitter: 5 }, { missedAfter: 90 }, { missedWithin: 9000 }, { tags: { a: 'b' } }, { args: { a: 1 } }, { overlap: 'all' }, { missed: 'none' }, { priority: 5 },
    { anchor: '2030-01-01T00:00:01Z' }, { count: 3 }, { type: undefined, flow: { jobs: [] } }];
  for (const other of others) assert.ok(!says({ ...found, ...other }, put), JSON.stringify(other));
  assert.ok(says({ ...found, start: undefined, anchor: '2029-01-01T00:00:00Z' }, { type: 't', every: 60 }));

  const jobs = [flowJob('a', 'longtask', QUICK), flowJob('b', 'longtask', QUICK, { after: ['a'], queue: 'mail' })];
  const [a, b] = [{ ...jobs[0], queue: 'default', key: 'tenant/7', keyWeight: 2 }, jobs[1]];
  const flow = { ...NEVER, flow: { jobs, result: ref('b.result') } };
  const told = (...those) => ({ ...NEVER, overlap: 'skip', missed: 'one', tags: {}, flow: { jobs: those, result: ref('b.result') } });
  assert.ok(says(told(a, b), flow));
  assert.ok(says(told(a, b), { ...NEVER, flow: { ...flow.flow, onFailure: 'cancel', jobs: [{ ...jobs[0], weight: 1, tags: {}, after: [] }, jobs[1]] } }));
  for (const those of [[a], [a, { ...b, queue: 'other' }], [a, { ...b, after: [{ job: 'a', on: 'end' }] }], [{ ...a, args: {} }, b]]) assert.ok(!says(told(...those), flow), JSON.stringify(those));
});

test('instants of a schedule that is not there', async () => {
  assert.deepEqual(
    (await client.nextInstants({ cron: '0 3 * * *', zone: 'Europe/Berlin', start: new Date(Date.UTC(2030, 0, 1)), count: 2 })).map(one => Date.parse(one)),
    [Date.UTC(2030, 0, 1, 2), Date.UTC(2030, 0, 2, 2)]);
});

test('an event is a job of each binding that fits, once', async test => {
  const [id, word] = [unique('binding'), unique('word')];
  test.after(() => client.deleteBinding(id).catch(() => {}));
  const made = await client.putBinding(id, `${word}.*.created`, 'longtask');
  assert.deepEqual([made.id, made.type, made.queue], [id, 'longtask', 'default']);
  assert.deepEqual(await client.binding(id), made);
  assert.ok((await all(client.bindings())).some(one => one.id === id));
  const told = await (await losing(test)).publish(`${word}.eu.created`, QUICK, { eventId: 'order-7' });
  assert.deepEqual([told.event, told.key, told.replayed, Object.keys(told.jobs)], ['order-7', `${word}.eu.created`, true, [id]]);
  assert.equal(await client.result(told.jobs[id], { timeout: 60 }), 42);
  await assert.rejects(client.publish(`${word}.eu.created`, { steps: 3 }, { eventId: 'order-7' }), error => error.status === 409);
  assert.deepEqual((await client.publish(`${word}.eu.gone`, QUICK)).jobs, {});
  await client.deleteBinding(id);
  await assert.rejects(client.deleteBinding(id), error => error.code === 'binding-not-found');
});
