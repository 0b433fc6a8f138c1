import { performance } from 'node:perf_hooks';

// The functions of Graphile Worker, as its own client calls them, but without the rows that they give back.
const ADD_ONE = { name: 'add-one', text: `select 1 from graphile_worker.add_job('noop', $1::json)` };
const ADD_MANY = {
  name: 'add-many',
  text: `select count(*) from graphile_worker.add_jobs(array(
    select json_populate_record(null::graphile_worker.job_spec, json_build_object('identifier', 'noop', 'payload', payload)) from json_array_elements($1::json) as payload))`,
};

export async function producer(pool) {
  return {
    async submit({ first, count, inflight = 1, batch = 1, payload = 0 }) {
      const text = payload > 0 ? 'x'.repeat(payload) : undefined;
      const began = performance.now();
      let next = 0;
      const lane = async () => {
        while (next < count) {
          const from = next;
          next = Math.min(count, from + batch);
          if (batch === 1) {
            await pool.query({ ...ADD_ONE, values: [JSON.stringify({ n: first + from, text })] });
          } else {
            const payloads = [];
            for (let i = from; i < next; i++) payloads.push({ n: first + i, text });
            await pool.query({ ...ADD_MANY, values: [JSON.stringify(payloads)] });
          }
        }
      };
      await Promise.all(Array.from({ length: inflight }, lane));
      return { seconds: (performance.now() - began) / 1000 };
    },
  };
}
