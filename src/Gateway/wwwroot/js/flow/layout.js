// Where the jobs of a graph stand: each in the column behind the last that it follows, and near those that it follows.

/**
 * @param {{name: string, after?: (string | {job: string, on: string})[]}[]} jobs
 * @returns {{columns: number, rows: number, nodes: {job: object, column: number, row: number}[], edges: {from: number, to: number, on: string}[]}} Edges are by place in `nodes`.
 */
export function layout(jobs) {
  const places = new Map(jobs.map((job, index) => [job.name, index]));
  const edges = jobs.flatMap((job, to) =>
    (job.after ?? []).map((edge) => (typeof edge === 'string' ? { job: edge, on: 'success' } : edge)).filter((edge) => places.has(edge.job)).map((edge) => ({ from: places.get(edge.job), to, on: edge.on ?? 'success' })),
  );
  const columns = columnsOf(jobs.length, edges);
  const before = jobs.map(() => []);
  for (const { from, to } of edges) before[to].push(from);

  const rows = new Array(jobs.length).fill(0);
  const count = Math.max(0, ...columns) + 1;
  let most = 0;
  for (let column = 0; column < count; column++) {
    const here = jobs.map((_, index) => index).filter((index) => columns[index] === column);
    const wanted = (index) => (before[index].length ? before[index].reduce((sum, from) => sum + rows[from], 0) / before[index].length : index);
    here.sort((a, b) => wanted(a) - wanted(b) || a - b).forEach((index, row) => (rows[index] = row));
    most = Math.max(most, here.length);
  }
  return { columns: count, rows: most, nodes: jobs.map((job, index) => ({ job, column: columns[index], row: rows[index] })), edges };
}

// Free ones first, then those whose last predecessor has its place; no recursion, since chains may be long.
function columnsOf(count, edges) {
  const columns = new Array(count).fill(0);
  const open = new Array(count).fill(0);
  const followers = Array.from({ length: count }, () => []);
  for (const { from, to } of edges) {
    open[to]++;
    followers[from].push(to);
  }
  const free = open.flatMap((each, index) => (each === 0 ? [index] : []));
  for (const index of free) {
    for (const next of followers[index]) {
      columns[next] = Math.max(columns[next], columns[index] + 1);
      if (--open[next] === 0) free.push(next);
    }
  }
  return columns;
}

/** How many jobs there are of each type in each state; those that stand for many count as many. */
export function summary(jobs) {
  const types = new Map();
  for (const job of jobs) {
    const counts = types.get(job.type) ?? { type: job.type, total: 0, states: {} };
    types.set(job.type, counts);
    const add = (state, number) => {
      if (number <= 0) return;
      counts.states[state] = (counts.states[state] ?? 0) + number;
      counts.total += number;
    };
    if (!job.children) add(job.state, 1);
    else {
      const { started, succeeded, failed, total = started } = job.children;
      add('SUCCESS', succeeded);
      add('FAILURE', failed);
      add('PROGRESS', started - succeeded - failed);
      add('PENDING', total - started);
    }
  }
  return [...types.values()];
}
