// node agent.mjs producer|worker REDIS_PORT [CONCURRENCY]
import { createInterface } from 'node:readline';
import { producer } from './producer.mjs';
import { worker } from './worker.mjs';

const [role, port, concurrency] = process.argv.slice(2);
const connection = { host: '127.0.0.1', port: Number(port), maxRetriesPerRequest: null };
const ops = role === 'worker' ? await worker(connection, Number(concurrency)) : await producer(connection);

// Whoever asked may be gone in the middle of something that never ends.
process.stdin.on('end', () => setTimeout(() => process.exit(0), 5000));

const answer = value => process.stdout.write(JSON.stringify(value) + '\n');
answer({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  const { op, ...settings } = JSON.parse(line);
  try {
    answer(await ops[op](settings) ?? {});
  } catch (error) {
    answer({ error: String(error) });
  }
}
process.exit(0);
