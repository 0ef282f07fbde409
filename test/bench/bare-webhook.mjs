// The peer: node:https with JSON.parse and JSON.stringify that answers every review with the same bytes as the service.
// Arguments: port, certificate file, key file, file with the service's answer.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';

const [port, cert, key, answerFile] = process.argv.slice(2);
const answer = JSON.parse(readFileSync(answerFile, 'utf8'));
const server = createServer(
  { cert: readFileSync(cert), key: readFileSync(key), keepAliveTimeout: 95_000 },
  (request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const review = JSON.parse(Buffer.concat(chunks).toString());
      const body = JSON.stringify({ ...answer, response: { ...answer.response, uid: review.request.uid } });
      response.writeHead(200, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      });
      response.end(body);
    });
  },
);
server.listen(Number(port), '127.0.0.1', () => process.stdout.write('ready\n'));
