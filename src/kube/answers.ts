import { isJsonObject, type JsonObject } from '../resources/json.ts';
import { parseHttpDate } from '../time/format-time.ts';
import { toSeconds, type Milliseconds } from '../time/units.ts';
import { KubeError, limitRetryAfter, readStatus } from './errors.ts';
import { MAX_OBJECT_BYTES } from './list/pieces.ts';
import { parseResourcePath } from './resource-path.ts';
import type { Answer } from './send.ts';

const MAX_REFUSAL_BYTES = 65_536; // a Status is about 1 KB; what is longer is an error page

/** Reads a body that is one JSON object. Throws a RangeError if it is longer than any object, a SyntaxError for anything else. */
export async function readObject(body: Answer['body']): Promise<JsonObject> {
  const { bytes, isWhole } = await readUpTo(body, MAX_OBJECT_BYTES);
  if (!isWhole) throw new RangeError(`an answer is longer than ${MAX_OBJECT_BYTES} bytes`);
  const object: unknown = JSON.parse(bytes.toString());
  if (!isJsonObject(object)) throw new SyntaxError('the answer is not a JSON object');
  return object;
}

/** The KubeError that an answer other than 2xx stands for; its body is read, but no further than a Status is long. */
export async function readRefusal(
  answer: Answer,
  { verb, path }: { readonly verb: string; readonly path: string },
): Promise<KubeError> {
  const { bytes } = await readUpTo(answer.body, MAX_REFUSAL_BYTES);
  const status = readStatus(answer.statusCode, parseQuietly(bytes.toString()));
  const retryAfter = readRetryAfter(answer.headers) ?? status.retryAfter;
  return new KubeError({ ...parseResourcePath(path), verb, ...status, retryAfter });
}

/**
 * Reads the header Retry-After, a number of seconds or a time, as load balancers write it (RFC 9110 §10.2.3). Such a time counts
 * from that of the answer, so that nobody's clock needs to be right.
 */
function readRetryAfter({ 'retry-after': text, date }: Answer['headers']): Milliseconds | undefined {
  const [until, from] = [parseHttpDate(text), parseHttpDate(date)];
  const span = until === undefined || from === undefined ? undefined : toSeconds(until - from);
  return limitRetryAfter(Number(text)) ?? limitRetryAfter(span);
}

function parseQuietly(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The bytes of a body; of one that is longer than `longest` the rest is not read. */
async function readUpTo(
  body: Answer['body'],
  longest: number,
): Promise<{ readonly bytes: Buffer; readonly isWhole: boolean }> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    const bytes: Buffer = chunk;
    chunks.push(bytes);
    length += bytes.length;
    if (length > longest) break;
  }
  return { bytes: Buffer.concat(chunks), isWhole: length <= longest };
}
