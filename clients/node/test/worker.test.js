import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { JobCancelled, JobFailed } from 'orleansjobs';
import { GiveUp, RetryLater, StaleAttempt, Worker } from 'orleansjobs/worker';
import { client, quiet, serve, unique, until, url } from './grid.js';

const seconds = { timeout: 60 };

test('jobs are run, and their results are the handlers\'', async test => {
  const type = unique('echo');
  await serve(test, worker => worker.job(type, { queue: 'pictures', attempts: 7, timeout: 90, description: 'Answers.' }, (job, args) => ({ args, attempt: job.attempt, attempts: job.attempts, queue: job.queue, tags: job.tags, timeout: job.timeout, isString: typeof job.token === 'string' && job.due instanceof Date })));
  const job = await client.submit(type, { width: 80, text: 'ä☃' }, { tags: { a: 'b' } });
  assert.deepEqual(await client.result(job.id, seconds), { args: { width: 80, text: 'ä☃' }, attempt: 1, attempts: 7, queue: 'pictures', tags: { a: 'b' }, timeout: 90, isString: true });
});

test('letters count as their bytes', async test => {
  const type = unique('echo');
  await serve(test, worker => worker.job(type, (job, { text, times }) => text.repeat(times)));
  const args = 'ж'.repeat(100_000); // 200 kB of UTF-8, of the 256 KiB that arguments may be
  assert.equal(await client.result((await client.submit(type, { text: args, times: 3 })).id, seconds), args.repeat(3));
});

test('many short jobs are run, each once', async test => {
  const type = unique('short');
  const runs = new Map();
  await serve(test, worker => worker.job(type, job => { runs.set(job.id, (runs.get(job.id) ?? 0) + 1); }), { concurrency: 20 });
  const jobs = await client.batch(Array.from({ length: 500 }, (_, n) => ({ type, args: n })));
  for (const job of jobs) assert.equal(await client.result(job.id, seconds), null);
  assert.deepEqual([...runs.values()], jobs.map(() => 1));
});

test('progress goes with its data', async test => {
  const type = unique('steps');
  await serve(test, worker => worker.job(type, async job => {
    job.report(1, 3, 'Sawing', { done: ['leg'] });
    await sleep(400);
    job.report(2, 3);
    await sleep(400);
    assert.throws(() => job.report(3, 3, null, 'x'.repeat(4095)), RangeError);
  }));
  const job = await client.submit(type);
  const seen = await until(job.id, one => one.current === 2, 'the second step');
  assert.deepEqual([seen.status, seen.data], ['Sawing', { done: ['leg'] }]);
  await client.result(job.id, seconds);
});

test('lines are kept with the job, and its failure says where', async test => {
  const type = unique('says');
  await serve(test, worker => worker.job(type, function handle(job) {
    job.log('first', { level: 'warn' });
    job.log('second', { error: new RangeError('bad') });
    assert.throws(() => job.log('third', { level: 'loud' }), RangeError);
    throw new GiveUp('that was all');
  }));
  const job = await client.submit(type);
  await assert.rejects(client.result(job.id, seconds), JobFailed);
  const log = await (await fetch(`${url}/jobs/${job.id}/logs`)).json();
  assert.deepEqual(log.lines.map(({ number, level, text, error }) => [number, level, text, error]), [[1, 'warning', 'first', undefined], [2, 'information', 'second', { type: 'RangeError', message: 'bad' }]]);
  const { error } = await (await fetch(`${url}/jobs/${job.id}`)).json();
  assert.match(error.place, /^GiveUp at handle/);
  assert.match(error.trace, /worker\.test\.js/);
});

test('what a handler throws says how its job goes on', async test => {
  const type = unique('fails');
  let late = 0;
  await serve(test, worker => worker.job(type, { attempts: 2 }, (job, args) => {
    if (args === 'later' && late++ === 0) throw new RetryLater(0.1);
    if (args === 'give up') throw new GiveUp('There is no path.');
    if (args === 'twice') throw new RangeError(`attempt ${job.attempt}`);
    if (args === 'no json') return { self: 1n };
    return job.attempt;
  }));
  const ids = Object.fromEntries((await client.batch(['later', 'give up', 'twice', 'no json'].map(args => ({ type, args })))).map((job, index) => [['later', 'give up', 'twice', 'no json'][index], job.id]));
  assert.equal(await client.result(ids.later, seconds), 1, 'it used up no attempt');
  await assert.rejects(client.result(ids['give up'], seconds), error => error instanceof JobFailed && error.message === 'There is no path.' && error.job.attempt === 1 && error.type === 'GiveUp');
  await assert.rejects(client.result(ids.twice, seconds), error => error.message === 'attempt 2' && error.type === 'RangeError');
  await assert.rejects(client.result(ids['no json'], seconds), error => error.message.startsWith('The result is no JSON') && error.job.attempt === 1);
});

test('checkpoints are there in the next attempt', async test => {
  const type = unique('pages');
  await serve(test, worker => worker.job(type, { attempts: 2 }, async job => {
    if (job.checkpoint !== undefined) return job.checkpoint;
    await job.saveCheckpoint({ page: 17 });
    throw new Error('once');
  }));
  assert.deepEqual(await client.result((await client.submit(type)).id, seconds), { page: 17 });
});

test('steps are done once', async test => {
  const type = unique('bills');
  const bills = [];
  await serve(test, worker => worker.job(type, { attempts: 3 }, async (job, args) => {
    if (args === 'too much') return job.step('large', () => 'x'.repeat(8 << 20));
    const bill = amount => job.step('charge', async () => { bills.push(amount); return { amount }; });
    const both = await Promise.all([bill(7), bill(8)]);
    if (job.attempt < 3) throw new Error('after the second');
    return [...both, await job.step('pack', () => undefined)];
  }));
  assert.deepEqual(await client.result((await client.submit(type)).id, seconds), [{ amount: 7 }, { amount: 8 }, null]);
  assert.deepEqual(bills.sort(), [7, 8]);
  await assert.rejects(client.result((await client.submit(type, 'too much')).id, seconds), error => error.type === 'GiveUp' && error.job.attempt === 1);
});

test('a job waits for children, signals and time without a slot', async test => {
  const [type, echo, bad] = [unique('family'), unique('echo'), unique('bad')];
  const bills = [];
  await serve(test, worker => worker
    .job(echo, (job, args) => args)
    .job(bad, { attempts: 1 }, () => { throw new Error('no such thing'); })
    .job(type, async job => {
      await job.step('charge', () => bills.push(job.id));
      const results = await job.gather(...[0, 1, 2, 3, 4].map(n => job.start(`child-${n}`, echo, n)));
      await job.sleep('rest', 0.3);
      try {
        await job.resultOf(job.start('bad', bad));
      } catch (error) {
        results.push(`${error.name} ${error.state}: ${error.error.message}`);
      }

      results.push(await job.receive('word', { timeout: 0.2, otherwise: 'nothing' }));
      results.push(await job.receive('word'));
      return results;
    }));
  const jobs = await Promise.all(Array.from({ length: 4 }, () => client.submit(type)));
  for (const job of jobs) {
    await until(job.id, one => one.waitingFor?.[0].what === 'signal' && one.waitingFor[0].until === undefined, 'its wait for a word');
    await client.signal(job.id, 'word', { said: true });
  }

  for (const job of jobs) assert.deepEqual(await client.result(job.id, seconds), [0, 1, 2, 3, 4, 'ChildFailed FAILURE: no such thing', 'nothing', { said: true }]);
  assert.deepEqual(bills.sort(), jobs.map(job => job.id).sort());
});

test('cancels and timeouts abort', async test => {
  const type = unique('long');
  const why = [];
  await serve(test, worker => worker.job(type, async job => {
    try {
      await sleep(60_000, null, { signal: job.signal });
    } catch (error) {
      why.push(job.stopReason);
      throw error;
    }
  }));
  const job = await client.submit(type);
  await until(job.id, one => one.state === 'PROGRESS', 'its start');
  await client.cancel(job.id);
  await assert.rejects(client.result(job.id, seconds), JobCancelled);
  const slow = await client.submit(type, null, { timeout: 1, attempts: 1 });
  await assert.rejects(client.result(slow.id, seconds), error => error.code === 'timeout');
  assert.deepEqual(why, ['cancelled', 'timeout']);
});

test('a worker that stops ends what runs, and hands back what has not begun', async test => {
  const type = unique('drained');
  let go;
  const { worker, over } = await serve(test, worker => worker.job(type, () => new Promise(resolve => go = resolve)), { concurrency: 1 });
  const first = await client.submit(type);
  await until(first.id, one => one.state === 'PROGRESS', 'its start');
  const second = await client.submit(type);
  worker.stop();
  go('done');
  await over;
  assert.equal(await client.result(first.id), 'done');
  assert.equal((await client.status(second.id)).attempt <= 1, true);
  await serve(test, worker => worker.job(type, job => job.attempt));
  await client.result(second.id, seconds);
});

test('handlers are shared among the sessions of a worker', async test => {
  const type = unique('shared');
  let running = 0;
  let most = 0;
  const { worker, over } = await serve(test, worker => worker.job(type, async (job, n) => {
    most = Math.max(most, ++running);
    await sleep(20);
    running--;
    return n;
  }), { concurrency: 5, sessions: 2 });
  const jobs = await Promise.all(Array.from({ length: 40 }, (_, n) => client.submit(type, n)));
  assert.deepEqual(await Promise.all(jobs.map(job => client.result(job.id, seconds))), jobs.map((_, n) => n));
  assert.ok(most > 1 && most <= 5, `${most} at a time`);
  worker.stop();
  await over;
});

test('a worker that is killed costs its jobs one repeat', async test => {
  const type = unique('killed');
  const program = `
    import { Worker } from 'orleansjobs/worker';
    const worker = new Worker();
    worker.job(${JSON.stringify(type)}, () => new Promise(() => {}));
    await worker.run({ onReady: () => console.log('ready') });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { cwd: import.meta.dirname, env: { ...process.env, ORLEANSJOBS_URL: url }, stdio: ['ignore', 'pipe', 'inherit'] });
  test.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  const job = await client.submit(type);
  await until(job.id, one => one.state === 'PROGRESS', 'its start');
  child.kill('SIGKILL');
  await serve(test, worker => worker.job(type, job => job.attempt));
  assert.equal(await client.result(job.id, seconds), 2);
});

test('what is wrong with a worker is said at once', async () => {
  const worker = new Worker({ url, log: quiet });
  assert.throws(() => worker.job('a b', () => {}), TypeError);
  assert.throws(() => worker.job('a'), TypeError);
  await assert.rejects(worker.run(), TypeError);
  worker.job('a', () => {});
  assert.throws(() => worker.job('a', () => {}), TypeError);
  await assert.rejects(worker.run({ concurrency: 0 }), RangeError);
  await assert.rejects(worker.run({ concurrency: 100, sessions: 9 }), RangeError);
  await assert.rejects(worker.run({ concurrency: 1, sessions: 2 }), RangeError);
  assert.ok(new StaleAttempt('x') instanceof Error);
});
