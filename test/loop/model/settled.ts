import type { JsonObject } from '../../../src/resources/json.ts';
import { APP } from '../../../src/resources/names.ts';
import { conditionIn } from './condition-in.ts';
import type { ModelJwt } from './model-cluster.ts';
import type { ModelSecret } from './secret.ts';
import type { Laws } from './laws.ts';
import { isOurs } from './ownership.ts';
import { findDrift, isWronglyOwned } from './wanted.ts';
import { fits, keySecretOf, lifetimesOf, type SeenToken } from './model-keys.ts';
import type { World } from './world.ts';

/** Changes that are due within this time, in seconds, are not checked. */
const NEAR = 8;

/** Lists what is wrong with status, Secret and the memory of the leader when everything is at rest, one line each. */
export function findUnsettled({ cluster, laws, clock, leading }: World): readonly string[] {
  const now = clock.now() / 1000;
  const living = [...cluster.jwts.values()].filter(({ deletedAt }) => deletedAt === undefined);
  const kept = (leading?.keptTexts ?? []).map(
    (key) => `at rest, the leader keeps the token in Secret ${key}`,
  );
  const differences = living.flatMap((jwt) =>
    findDifferences(laws, jwt, cluster.secrets.get(`${jwt.namespace}/${jwt.name}`), now).map(
      (line) => `at rest, ${jwt.name}: ${line}, but its status is ${JSON.stringify(jwt.status)}`,
    ),
  );
  return [...kept, ...differences];
}

/**
 * Whether a renewal, an expiry or an overdue renewal is due within this time, or a refused write will be
 * tried again.
 */
export function isAboutToChange({ cluster, laws, clock }: World): boolean {
  const now = clock.now() / 1000;
  return [...cluster.jwts.values()].some((jwt) => {
    const secret = cluster.secrets.get(`${jwt.namespace}/${jwt.name}`);
    const token = laws.tokenIn(secret);
    if (secret?.immutable === true) return true;
    if (token === undefined) return false;
    const { resignBefore } = lifetimesOf(jwt.spec);
    const moments = [
      token.exp,
      token.exp - resignBefore / 2,
      Date.parse(String(jwt.status['renewsAt'])) / 1000,
    ];
    return moments.some((moment) => Math.abs(moment - now) < NEAR);
  });
}

function findDifferences(
  laws: Laws,
  jwt: ModelJwt,
  secret: ModelSecret | undefined,
  now: number,
): readonly string[] {
  const { status } = jwt;
  const token = laws.tokenIn(secret);
  const isOwn = secret !== undefined && isOurs(jwt, secret) && !secret.isDeleting;
  const isValid = isOwn && laws.isValid(jwt);
  const ready = conditionIn(status, 'Ready');
  const found: string[] = [];
  const expect = (holds: boolean, line: string): void => {
    if (!holds) found.push(line);
  };
  expect(!isOwn || !isWronglyOwned(jwt, secret), 'what is to outlive it would be deleted with it');
  expect(status['observedGeneration'] === jwt.generation, `generation ${jwt.generation} was not observed`);
  // While writes are refused, the next round is the next try.
  if (secret?.immutable === true && token !== undefined && token.exp <= now) return found;
  // The status was wiped, and the key is lost: nothing proves the origin of the token.
  const isProvable = laws.isKeyUsable(jwt) || status['publicKey'] !== undefined;
  const wanted = isValid ? (isProvable ? 'True' : 'Unknown') : 'False';
  expect(ready?.['status'] === wanted, `Ready should be ${wanted}`);
  if (isValid && token !== undefined) {
    // After a crash between Secret and status, a lost key cannot show any more whether it signed.
    if (laws.isKeyUsable(jwt)) found.push(...findTokenDifferences(status, token));
    const isRepairable = !secret.immutable && !looksLegacy(secret);
    const drift = findDrift(jwt, secret);
    expect(!isRepairable || drift === undefined, `${drift} of the Secret drifted`);
    const isOverdue = token.exp - now <= lifetimesOf(jwt.spec).resignBefore / 2;
    expect(
      secret.immutable || !isProvable || isOverdue === (conditionIn(status, 'RenewalOverdue') !== undefined),
      `RenewalOverdue should be ${isOverdue}`,
    );
    const key = conditionIn(status, 'KeyAvailable');
    const isUsable = laws.isKeyUsable(jwt);
    expect(key?.['status'] === (isUsable ? 'True' : 'False'), `KeyAvailable should be ${isUsable}`);
  } else {
    const reason = isOwn || secret === undefined ? keyProblem(laws, jwt) : 'SecretConflict';
    const isRefused = secret?.immutable === true && reason === undefined;
    expect(ready?.['reason'] === (isRefused ? 'WriteRefused' : reason), `the reason should be ${reason}`);
  }
  return found;
}

/**
 * Whether the service wrote none of the metadata: so token-manager left its Secrets, which are repaired at
 * their renewal.
 */
function looksLegacy({ fields }: ModelSecret): boolean {
  return ![...fields].some(
    ([path, { managers }]) => /^(labels|annotations)/.test(path) && managers.includes(APP),
  );
}

function findTokenDifferences(status: JsonObject, token: SeenToken): readonly string[] {
  const wanted = {
    tokenId: token.claims['jti'],
    issuedAt: new Date((Number(token.claims['iat']) + 60) * 1000).toISOString().replace('.000Z', 'Z'),
    issuer: token.claims['iss'],
    keyId: token.header['kid'],
    expiresAt: new Date(token.exp * 1000).toISOString().replace('.000Z', 'Z'),
  };
  return Object.entries(wanted)
    .filter(([name, value]) => status[name] !== value)
    .map(([name, value]) => `${name} should be ${String(value)}`);
}

function keyProblem(laws: Laws, { namespace, spec }: ModelJwt): string | undefined {
  const key = keySecretOf(spec, namespace);
  const name = laws.keyIn(key);
  if (!laws.isGranted(key, namespace)) return 'KeyNotGranted';
  if (name === undefined) return 'KeyNotFound';
  if (name === 'broken') return 'KeyUnreadable';
  return fits(name, spec['algorithm']) ? undefined : 'KeyMismatch';
}
