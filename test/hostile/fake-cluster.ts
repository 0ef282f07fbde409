import type { Loose } from '../integration/objects.ts';
import type { ScriptedAnswer } from './scripted-api.ts';

const INJECTED = { containers: [{ env: [{ name: 'BEARER_TOKEN_FILE' }] }] };

/**
 * The Secrets of `count` JWTs of the neighbour, each with a token that expires at `exp` (seconds since the epoch)
 * and was stored at `storedAt`.
 */
export function listSecrets(count: number, exp = 9_999_999_999, storedAt?: Date): ScriptedAnswer {
  const managedFields = storedAt && [{ manager: 'jwt-injector', time: storedAt.toISOString() }];
  const token = ['e30', Buffer.from(JSON.stringify({ exp })).toString('base64url'), 'a'].join('.');
  const items = Array.from({ length: count }, (_, number) => ({
    metadata: { name: `token-${number}`, managedFields },
    data: { token: Buffer.from(token).toString('base64') },
  }));
  return { status: 200, body: { items } };
}

/** The answer to all other requests: pods are created, and annotated ones are injected. */
export function answerOf(method: string, path: string, { metadata = {} }: Loose): ScriptedAnswer {
  const isAnnotated = Object.keys(metadata.annotations ?? {}).length > 0;
  const spec = isAnnotated ? INJECTED : { containers: [{}] };
  const isPod = method === 'POST' && path.endsWith('/pods');
  return { status: method === 'POST' ? 201 : 200, body: isPod ? { metadata: { name: 'work-1' }, spec } : {} };
}
