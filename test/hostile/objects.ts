import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { Loose } from '../integration/objects.ts';
import type { Tenant } from './tenant.ts';

const PREFIX = 'tokens.osg-htc.org/';

/**
 * A pod that asks for the token `a`, with one more annotation of jwt-injector and `containers` containers.
 */
export function heavyPod(wish: {
  readonly annotation: string;
  readonly value: string;
  readonly containers: number;
  readonly volumes?: readonly Loose[];
}): Loose {
  const { annotation, value, containers, volumes } = wish;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: 'heavy-',
      annotations: { [`${PREFIX}token`]: 'a', [`${PREFIX}${annotation}`]: value },
    },
    spec: {
      containers: Array.from({ length: containers }, (_, number) => ({ name: `c${number}`, image: 'b' })),
      ...(volumes === undefined ? {} : { volumes }),
    },
  };
}

/** A Deployment with this pod as its template. */
export function deploymentOf({ metadata, spec }: Loose): Loose {
  const labels = { app: 'heavy' };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { generateName: 'heavy-' },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: { metadata: { labels, annotations: metadata.annotations }, spec },
    },
  };
}

/**
 * A JWT for tokens of one minute that signs with the key in Secret `key`; members of the spec can be
 * replaced.
 */
export function makeJwt(name: string, spec: Loose = {}, metadata: Loose = {}): Loose {
  return {
    apiVersion: 'tokens.osg-htc.org/v1',
    kind: 'JWT',
    metadata: { name, ...metadata },
    spec: {
      issuer: 'https://issuer.example.com/',
      keyId: 'key-1',
      algorithm: 'ES256',
      data: { sub: 'somebody', scope: 'storage.read:/', aud: ['https://wlcg.cern.ch/jwt/v1/any'] },
      expiryTime: { minutes: 1 },
      key: { secret: { name: 'key', key: 'key.pem' } },
      ...spec,
    },
  };
}

/** A Secret with the label of jwt-injector and any token. */
export function labelledSecret(name: string, token: string): Loose {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, labels: { [`${PREFIX}managed`]: 'true' } },
    data: { token: Buffer.from(token).toString('base64') },
  };
}

/** A Secret that its JWT is allowed to adopt, but that is immutable. */
export function immutableSecret(name: string): Loose {
  const metadata = { name, annotations: { [`${PREFIX}adopt`]: name } };
  return { apiVersion: 'v1', kind: 'Secret', metadata, immutable: true };
}

/** A Secret with a private key in PEM, or any other text, as its `key.pem`. */
export function keySecret(name: string, text?: string): Loose {
  const pem =
    text ??
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'pem', type: 'pkcs8' });
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData: { 'key.pem': String(pem) } };
}

/** Creates the key for the JWTs. Rejects if it was not created. */
export function createKey(tenant: Pick<Tenant, 'mustCreate'>): Promise<void> {
  return tenant.mustCreate('secrets', keySecret('key'));
}

/** Repeats `unit` to a text of at most `characters` characters. */
export function fillKey(unit: string, characters: number): string {
  return unit.repeat(Math.floor(characters / unit.length));
}

/**
 * An RSA private key of any size as JWK text. Its numbers are random: no reader checks that, and finding
 * primes of 8,192 bits takes minutes.
 */
export function hugeRsaKey(bits: number): string {
  const odd = (size: number): string => {
    const bytes = randomBytes(size / 8);
    bytes[0] = 0xc0 | (bytes[0] ?? 0);
    bytes[bytes.length - 1] = 1 | (bytes.at(-1) ?? 0);
    return bytes.toString('base64url');
  };
  const half = bits / 2;
  const parts = { d: odd(bits), p: odd(half), q: odd(half), dp: odd(half), dq: odd(half), qi: odd(half) };
  return JSON.stringify({ kty: 'RSA', n: odd(bits), e: 'AQAB', ...parts });
}

/** A compact JWS of about `bytes` bytes whose payload is nested arrays. */
export function nestedToken(bytes: number): string {
  const header = Buffer.from('{"alg":"ES256","kid":"a"}').toString('base64url');
  const depth = Math.floor((bytes * 3) / 4 / 2);
  const payload = Buffer.from(`{"a":${'['.repeat(depth)}${']'.repeat(depth - 4)}]]]]}`).toString('base64url');
  return `${header}.${payload}.${'a'.repeat(86)}`;
}

/** A compact JWS of about `bytes` bytes that nobody signed, with another text for each number. */
export function unsignedToken(bytes: number, number: number): string {
  const header = Buffer.from('{"alg":"ES256","kid":"a"}').toString('base64url');
  const sub = `${number}-`.padEnd(Math.floor((bytes * 3) / 4) - 120, 's');
  const payload = Buffer.from(JSON.stringify({ exp: 9_999_999_999, sub })).toString('base64url');
  return `${header}.${payload}.${'a'.repeat(86)}`;
}

/** A compact JWS of about `bytes` bytes whose payload has as many values as possible. */
export function crowdedToken(bytes: number): string {
  const header = Buffer.from('{"alg":"ES256","kid":"a"}').toString('base64url');
  const values = Math.floor((bytes * 3) / 4 / 3);
  const payload = Buffer.from(`{"exp":9999999999,"a":[${'{},'.repeat(values)}{}]}`).toString('base64url');
  return `${header}.${payload}.${'a'.repeat(86)}`;
}
