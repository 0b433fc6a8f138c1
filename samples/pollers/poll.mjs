#!/usr/bin/env node
// Starts a job over HTTP and asks after it until it ends. Node 18 or later, nothing else.
//
//     node poll.mjs longtask '{"steps": 20, "stepMs": 100}'
//
// ORLEANSJOBS_URL and ORLEANSJOBS_KEY name the gateway and the API key. Prints the result to the standard output and progress to the
// standard error. Exit code: 0 succeeded, 1 failed or cancelled, 2 wrong arguments, 6 the gateway did not answer or refused.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

const url = process.env.ORLEANSJOBS_URL ?? 'http://localhost:8080';
const key = process.env.ORLEANSJOBS_KEY;
const patience = 60_000; // milliseconds without an answer before it is given up

class Refused extends Error {}

/** One request, sent again while the gateway is away. */
async function ask(method, address, body, headers = {}) {
  const givenUp = Date.now() + patience;
  for (;;) {
    let wait = 1;
    try {
      const answer = await fetch(address, {
        method,
        headers: { accept: 'application/json', ...(body && { 'content-type': 'application/json' }), ...(key && { authorization: `Bearer ${key}` }), ...headers },
        body: body && JSON.stringify(body),
        signal: AbortSignal.timeout(30_000),
      });
      if (answer.ok) return { answer, job: await answer.json() };
      const said = `The gateway answered ${answer.status}: ${await answer.text()}`;
      if ((answer.status < 500 && ![408, 429].includes(answer.status)) || Date.now() > givenUp) throw new Refused(said);
      wait = Number(answer.headers.get('retry-after') ?? 1);
    } catch (error) {
      if (error instanceof Refused) throw error;
      if (Date.now() > givenUp) throw new Refused(`The gateway at ${url} did not answer: ${error.cause?.message ?? error.message}`);
    }
    await sleep(1000 * wait);
  }
}

async function run(type, args) {
  // Should the answer be lost, the same key finds the same job instead of starting another.
  let { answer, job } = await ask('POST', `${url}/jobs`, { type, args }, { 'idempotency-key': `"${randomUUID()}"` });
  const address = new URL(answer.headers.get('location'), `${url}/`);
  while (job.state === 'PENDING' || job.state === 'PROGRESS') {
    console.error(`${String(Math.floor((100 * job.current) / job.total)).padStart(3)}%  ${job.status}`);
    await sleep(1000 * Math.min(Number(answer.headers.get('retry-after') ?? 1), 2));
    ({ answer, job } = await ask('GET', address));
  }
  return job;
}

function argumentsOf([type, json = '{}', ...rest]) {
  if (!type || rest.length) return undefined;
  try {
    return { type, args: JSON.parse(json) };
  } catch {
    return undefined;
  }
}

const given = argumentsOf(process.argv.slice(2));
if (!given) {
  console.error("Usage: node poll.mjs TYPE ['JSON']");
  process.exit(2);
}
try {
  const job = await run(given.type, given.args);
  if ('result' in job) console.log(JSON.stringify(job.result));
  else {
    console.error(`${job.state}: ${job.error?.message ?? job.status}`);
    process.exitCode = 1;
  }
} catch (error) {
  if (!(error instanceof Refused)) throw error;
  console.error(error.message);
  process.exitCode = 6;
}
