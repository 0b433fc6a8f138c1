// node receiver.mjs SECRET: takes webhooks as the library of the standard's own project has it, and writes a line of JSON for each call. It ends with its standard input.
import { createServer } from 'node:http';
import { Webhook, WebhookVerificationError } from 'standardwebhooks';

const webhook = new Webhook(process.argv[2]);
const write = value => process.stdout.write(JSON.stringify(value) + '\n');

function verdict(body, headers) {
  try {
    return { verified: webhook.verify(body, headers) };
  } catch (error) {
    if (!(error instanceof WebhookVerificationError)) throw error;
    return { refused: error.message };
  }
}

const server = createServer(async (request, response) => {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  const body = Buffer.concat(pieces).toString();
  const headers = request.headers;
  const said = verdict(body, headers);
  // What was changed on the way, or is repeated much later, is not what was signed.
  const changed = {
    body: verdict(body.replace('SUCCESS', 'FAILURE'), headers).refused,
    id: verdict(body, { ...headers, 'webhook-id': headers['webhook-id'] + '0' }).refused,
    time: verdict(body, { ...headers, 'webhook-timestamp': String(Number(headers['webhook-timestamp']) - 1) }).refused,
    old: verdict(body, { ...headers, 'webhook-timestamp': String(Number(headers['webhook-timestamp']) - 600) }).refused,
  };
  write({ ...said, changed });
  response.writeHead(said.refused === undefined ? 204 : 401).end();
});

process.stdin.on('end', () => process.exit(0)).resume();
server.listen(0, '127.0.0.1', () => write({ address: `http://127.0.0.1:${server.address().port}` }));
