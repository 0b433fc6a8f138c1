// Uses the client that a public generator made from /openapi/v1.json, against the gateway that served it.
import assert from 'node:assert/strict';
import { client } from './client/client.gen';
import {
  cancelJob, deleteJob, getArgs, getJob, getResult, getScaling, getStats, isReady, listJobs, listJobTypes, listQueues, pauseQueue, resumeQueue, retryJob,
  submitArgs, submitBatch, submitJob, watchJob, watchJobs,
} from './client';

client.setConfig({ baseUrl: process.argv[2] });

const submitted = await submitJob({ body: { type: 'longtask', args: { steps: 5, stepMs: 20 }, tags: { from: 'generated' } } });
assert.equal(submitted.response?.status, 202);
const job = submitted.data!;
assert.ok(job.watchToken);

const states: string[] = [];
const { stream } = await watchJob({ path: { id: job.id } });
for await (const event of stream) if (event?.state) states.push(event.state);
assert.equal(states.at(-1), 'SUCCESS');

const done = await getJob({ path: { id: job.id }, headers: { Prefer: 'wait=20' } });
assert.equal(done.data?.state, 'SUCCESS');
assert.equal(done.data?.result, 42);
assert.equal((await getResult({ path: { id: job.id } })).data, 42);
assert.deepEqual((await getArgs({ path: { id: job.id } })).data, { steps: 5, stepMs: 20 });

const listed = await listJobs({ query: { state: 'SUCCESS', type: 'longtask', tags: { 'tag.from': 'generated' }, limit: 10 } });
assert.deepEqual(listed.data?.jobs.map(({ id }) => id), [job.id]);

const batch = await submitBatch({ body: [{ type: 'longtask', args: { steps: 1, stepMs: 1 } }, { type: 'no-such-type' }] });
assert.equal(batch.data?.accepted, 1);
assert.equal(batch.data?.items[1].problem?.type, 'urn:orleansjobs:problem:unknown-type');
const ids = [job.id, batch.data!.items[0].job!.id];
const ended = new Set<string>();
for await (const event of (await watchJobs({ query: { jobs: ids.join(',') } })).stream) if (event?.state === 'SUCCESS') ended.add(event.id);
assert.deepEqual([...ended].sort(), [...ids].sort());

const short = await submitArgs({ path: { type: 'wordcount' }, body: { text: 'to be or not to be' }, headers: { Prefer: 'wait=20', 'Idempotency-Key': '"generated-1"' } });
assert.equal(short.response?.status, 200);
assert.equal((short.data?.result as { total: number }).total, 6);

const wrong = await submitJob({ body: { type: 'longtask', countdown: -1 } });
assert.equal(wrong.response?.status, 422);
assert.equal(wrong.error?.errors?.[0].pointer, '/countdown');
const unknown = await getJob({ path: { id: 'no-such-job' } });
assert.equal(unknown.error?.type, 'urn:orleansjobs:problem:job-not-found');

const later = await submitJob({ body: { type: 'longtask', countdown: 3600 } });
const cancelled = await cancelJob({ path: { id: later.data!.id }, body: { reason: 'A test.' } });
assert.equal(cancelled.data?.state, 'REVOKED');
const retried = await retryJob({ path: { id: later.data!.id } });
assert.equal(retried.response?.status, 202);
await cancelJob({ path: { id: later.data!.id } });
await getJob({ path: { id: later.data!.id }, headers: { Prefer: 'wait=20' } });
assert.equal((await deleteJob({ path: { id: later.data!.id } })).response?.status, 204);

assert.equal((await pauseQueue({ path: { name: 'generated' }, body: { reason: 'A test.' } })).data?.paused, true);
assert.ok((await listQueues()).data?.some(({ name, paused }) => name === 'generated' && paused));
assert.equal((await resumeQueue({ path: { name: 'generated' } })).data?.paused, false);
assert.ok((await listJobTypes()).data?.some(({ name }) => name === 'wordcount'));
assert.ok((await getStats()).data!.slots > 0);
assert.equal((await getScaling()).data?.load, (await getScaling()).data!.backlog + (await getScaling()).data!.running);
assert.equal((await isReady()).data, 'ok');
console.log('The generated client works.');
