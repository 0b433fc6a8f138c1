// node agent.mjs producer|worker SOCKET_FOLDER PORT CONNECTIONS CONCURRENCY LOCAL_QUEUE COMPLETE_EVERY_MS
import { createInterface } from 'node:readline';
import pg from 'pg';
import { producer } from './producer.mjs';
import { worker } from './worker.mjs';

const [role, host, ...numbers] = process.argv.slice(2);
const [port, connections, concurrency, localQueue, completeEveryMs] = numbers.map(Number);
const pool = new pg.Pool({ host, port, user: 'bench', database: 'postgres', max: connections });
// A server that goes takes connections along; whoever uses one next hears of it.
pool.on('error', () => {});
pool.on('connect', client => client.on('error', () => {}));
const ops = role === 'worker' ? await worker(pool, { concurrency, localQueue, completeEveryMs, connections }) : await producer(pool, { connections });

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
