// The page of the classic tutorials on background tasks. It knows four things only: a start answers with a Location, a job that is
// PENDING or PROGRESS goes on, `current` of `total` is how far it is, and `result` is there when it is done.
'use strict';

// Where the jobs run: this page's own server, or another one, as in index.html?api=http://localhost:8080
const api = new URLSearchParams(location.search).get('api') || location.origin;
const pollMs = 2000;

document.getElementById('start').addEventListener('click', start);

async function start() {
  const row = addRow();
  try {
    const response = await fetch(new URL('/longtask', api), { method: 'POST' });
    if (response.status !== 202) throw new Error('the server answered ' + response.status);
    await poll(new URL(response.headers.get('Location'), response.url), row);
  } catch (error) {
    row.text.textContent = 'Could not start: ' + error.message;
  }
}

async function poll(statusUrl, row) {
  for (;;) {
    const data = await (await fetch(statusUrl)).json();
    const percent = Math.floor((data.current * 100) / data.total);
    row.bar.value = percent;
    row.percent.textContent = percent + '%';
    row.text.textContent = data.status;
    if (data.state !== 'PENDING' && data.state !== 'PROGRESS') {
      row.text.textContent = 'result' in data ? 'Result: ' + data.result : 'Result: ' + data.state;
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

function addRow() {
  const job = document.createElement('div');
  job.className = 'job';
  const bar = document.createElement('progress');
  bar.max = 100;
  bar.value = 0;
  bar.setAttribute('aria-label', 'Progress');
  const percent = document.createElement('p');
  const text = document.createElement('p');
  text.textContent = 'Starting…';
  job.append(bar, percent, text);
  document.getElementById('jobs').append(job);
  return { bar, percent, text };
}
