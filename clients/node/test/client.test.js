import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { Client, JobCancelled, JobFailed, NotEnded, Problem, Unreachable, flowJob, literal, ref, submission } from 'orleansjobs';
import { QUICK, client, unique, until, url } from './grid.js';

test('a job is submitted, followed, and has its result', async () => {
  const job = await client.submit('longtask', { steps: 5, stepMs: 30 }, { tags: { a: 'b' }, priority: 7, queue: 'node' });
  assert.deepEqual(['longtask', 'node', 7, { a: 'b' }], [job.type, job.queue, job.priority, job.tags]);
  const seen = [];
  for await (const one of client.watch(job.id)) seen.push(one);
  assert.equal(seen.at(-1).state, 'SUCCESS');
  assert.deepEqual(seen.map(one => one.version), [...new Set(seen.map(one => one.version))].sort((a, b) => a - b));
  assert.equal(await client.result(job.id), 42);
  assert.equal((await client.submit('longtask', QUICK, { wait: 20 })).result, 42);
  // Of one with a key the id is the grid's to make.
  const keyed = await client.submit('longtask', QUICK, { key: 'node/7', weight: 2, wait: 20 });
  assert.deepEqual([keyed.key, keyed.state], ['node/7', 'SUCCESS']);
});

test('a job waits, is cancelled, run again and deleted', async () => {
  const job = await client.submit('longtask', QUICK, { eta: new Date(Date.now() + 3_600_000) });
  await assert.rejects(client.wait(job.id, { timeout: 0.2 }), error => error instanceof NotEnded && error.job.id === job.id);
  assert.equal((await client.cancel(job.id, { reason: 'not needed' })).state, 'REVOKED');
  await assert.rejects(client.result(job.id), JobCancelled);
  assert.deepEqual((await client.retry(job.id)).changes.map(change => change.what), ['cancelled', 'retried']);
  assert.equal(await client.result(job.id, { timeout: 30 }), 42);
  await assert.rejects(client.retry(job.id), error => error instanceof Problem && error.code === 'wrong-state');
  await client.delete(job.id);
  await assert.rejects(client.status(job.id), error => error.status === 404);
});

test('a job that has not ended by its deadline fails', async () => {
  for (const deadline of [1, new Date(Date.now() + 2000)]) {
    const job = await client.submit('longtask', { steps: 600, stepMs: 1000 }, { deadline });
    await assert.rejects(client.result(job.id, { timeout: 30 }), error => error instanceof JobFailed && error.code === 'deadline_exceeded');
  }
});

test('a batch says of each what became of it', async () => {
  const found = await client.batch([submission('longtask', QUICK), submission('no-such-type'), { type: 'longtask', args: QUICK }]);
  assert.equal(found[1].code, 'unknown-type');
  assert.equal(await client.result(found[2].id, { timeout: 30 }), 42);
  assert.deepEqual([], await client.batch([]));
});

test('lists are paged', async () => {
  const run = unique('run');
  const jobs = await client.batch(Array.from({ length: 7 }, () => submission('longtask', QUICK, { tags: { run } })));
  const listed = [];
  for await (const job of client.list({ type: 'longtask', tags: { run }, pageSize: 2 })) listed.push(job.id);
  assert.deepEqual(listed.sort(), jobs.map(job => job.id).sort());
});

test('many jobs are watched in one stream, until all have ended', async () => {
  const jobs = await client.batch(Array.from({ length: 4 }, () => submission('longtask', { steps: 3, stepMs: 40 })));
  const last = {};
  for await (const job of client.watch(jobs.map(one => one.id))) last[job.id] = job.state;
  assert.deepEqual(last, Object.fromEntries(jobs.map(job => [job.id, 'SUCCESS'])));
});

test('a watch ends when it is told to', async () => {
  const job = await client.submit('longtask', QUICK, { countdown: 3600 });
  const stop = new AbortController();
  await assert.rejects(async () => {
    for await (const seen of client.watch(job.id, { signal: stop.signal })) {
      assert.equal(seen.id, job.id);
      stop.abort(new Error('enough'));
    }
  }, /enough/);
});

test('a flow runs and is shown', async () => {
  const job = await client.submitFlow([
    flowJob('split', 'wordcount', { text: 'to be or not to be' }),
    flowJob('a', 'longtask', QUICK, { after: ['split'], weight: 3 }),
    flowJob('b', 'longtask', QUICK, { after: [{ job: 'split', on: 'end' }] }),
    flowJob('sum', 'sum', { values: [ref('a.result'), ref('b.result')] }),
  ], { result: { sum: ref('sum.result'), said: literal({ $ref: 'nothing' }) } });
  assert.deepEqual(await client.result(job.id, { timeout: 60 }), { sum: 84, said: { $ref: 'nothing' } });
  const flow = await client.flow(job.id);
  assert.deepEqual(flow.jobs.map(one => [one.name, one.state]), [['split', 'SUCCESS'], ['a', 'SUCCESS'], ['b', 'SUCCESS'], ['sum', 'SUCCESS']]);
  await assert.rejects(client.submitFlow([flowJob('a', 'longtask', {}, { after: ['b'] }), flowJob('b', 'longtask', {}, { after: ['a'] })]), error => error.pointer.startsWith('/jobs/'));
});

test('a flow goes on when its signal comes', async () => {
  const trip = await client.submit('trip', { to: 'Rome' });
  await until(trip.id, job => job.waitingFor?.some(reason => reason.what === 'signal'), 'the wait for a signal');
  await client.signal(trip.id, 'confirmed', false);
  await assert.rejects(client.result(trip.id, { timeout: 60 }), error => error instanceof JobFailed && error.message.includes('changed their mind'));
});

test('what is refused is a problem that says where', async () => {
  await assert.rejects(client.submit('longtask', QUICK, { priority: 11 }), error => error.code === 'invalid-member' && error.pointer === '/priority' && error.status === 422);
  for (const bad of ['redis://localhost', 'localhost:8080', 'http://user:secret@localhost', 'http://localhost/?x=1']) assert.throws(() => new Client({ url: bad }), TypeError);
});

test('a gateway that is away is asked again, then given up', async () => {
  const away = new Client({ url: 'http://127.0.0.1:1', patience: 0.3 });
  await assert.rejects(away.status('a'), Unreachable);
  await assert.rejects(away.watch('a').next(), Unreachable);
});

test('the silence of a stream is that of the stream, however long whoever watches takes', async test => {
  const events = createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const [version, state] of [[1, 'PROGRESS'], [2, 'SUCCESS']]) response.write(`id: ${version}\ndata: ${JSON.stringify({ id: 'a', version, state })}\n\n`);
    response.end();
  });
  await new Promise(resolve => events.listen(0, '127.0.0.1', resolve));
  test.after(() => events.close().closeAllConnections());
  const real = [globalThis.setTimeout, globalThis.clearTimeout];
  const counting = new Set();
  globalThis.setTimeout = (action, delay, ...more) => {
    const timer = real[0](action, delay, ...more);
    if (delay >= 30_000) counting.add(timer);
    return timer;
  };
  globalThis.clearTimeout = timer => {
    counting.delete(timer);
    real[1](timer);
  };
  test.after(() => [globalThis.setTimeout, globalThis.clearTimeout] = real);
  const seen = [];
  for await (const job of new Client({ url: `http://127.0.0.1:${events.address().port}` }).watch('a')) seen.push([job.version, counting.size]);
  assert.deepEqual(seen, [[1, 0], [2, 0]]);
});

test('a lost answer makes no second job, and a stream that breaks is taken up where it broke', async test => {
  const asked = [];
  // Stands between the client and the grid, and loses the first two answers.
  const cutter = createServer(async (request, response) => {
    const number = asked.push(request.headers) - 1;
    const body = await new Response(request).text();
    const answer = await fetch(url + request.url, { method: request.method, headers: { 'content-type': 'application/json', ...(request.headers['last-event-id'] ? { 'last-event-id': request.headers['last-event-id'] } : {}) }, body: body || undefined });
    if (!request.url.endsWith('/events')) {
      if (number < 2) return request.socket.destroy();
      return response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
    }

    response.writeHead(answer.status, { 'content-type': 'text/event-stream' });
    let events = 0;
    for await (const chunk of answer.body ?? []) {
      response.write(chunk);
      if (number < 5 && ++events === 2) return request.socket.destroy();
    }

    response.end();
  });
  await new Promise(resolve => cutter.listen(0, '127.0.0.1', resolve));
  test.after(() => cutter.close().closeAllConnections());
  const cut = new Client({ url: `http://127.0.0.1:${cutter.address().port}` });
  const run = unique('run');
  const job = await cut.submit('longtask', { steps: 10, stepMs: 50 }, { tags: { run } });
  assert.equal(asked.length, 3);
  const versions = [];
  for await (const seen of cut.watch(job.id)) versions.push(seen.version);
  assert.deepEqual(versions, [...new Set(versions)].sort((a, b) => a - b));
  assert.ok(asked.slice(4).every(headers => headers['last-event-id'] !== undefined));
  const listed = [];
  for await (const one of client.list({ tags: { run } })) listed.push(one.id);
  assert.deepEqual(listed, [job.id]);
});
