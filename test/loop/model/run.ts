import type { JsonObject } from '../../../src/resources/json.ts';
import { RENEW } from '../../../src/resources/names.ts';
import type { OrderedCrypto } from './crypto.ts';
import { KOPF, RELEASE_AFTER_MS } from './deletion.ts';
import { randomNumbers } from '../../fixtures/random-numbers.ts';
import { findUnsettled, isAboutToChange } from './settled.ts';
import {
  JWT_KEYS,
  KEY_SECRETS,
  type Edit,
  type JwtKey,
  type KeySecret,
  type Schedule,
  type Step,
} from './steps.ts';
import { keySecretOf, pemOf, type KeyName } from './model-keys.ts';
import { FOREIGN_OWNER, vandalise } from './vandal.ts';
import type { Vandalism } from './vandalism.ts';
import { World } from './world.ts';

const GRANT = 'annotations/tokens.osg-htc.org/allowed-namespaces';
const TRACE_LINES = 60;
/** The time for a reaction to something that was seen just before. */
const MOMENT_MS = 1_500;
/** The longest wait before a Secret that keeps changing is written again. */
const MAX_WAIT_MS = 300_000;

/** Runs the schedule, then waits until everything is at rest. Throws at the first broken law. */
export async function playSchedule({ seed, steps }: Schedule, crypto: OrderedCrypto): Promise<void> {
  const world = new World(crypto, randomNumbers(seed));
  for (const key of KEY_SECRETS)
    world.cluster.createSecret(key, { 'data/key.pem': encode(pemOf('first')), 'labels/app': 'keys' });
  world.cluster.createJwt('science/a', defaultSpec('a'));
  world.laws.disturb(JWT_KEYS, 5_000);
  for (const step of steps) {
    world.note(JSON.stringify(step));
    await perform(world, step);
    throwViolations(world);
  }
  await comeToRest(world);
}

async function perform(world: World, step: Step): Promise<void> {
  const { cluster } = world;
  switch (step.do) {
    case 'wait':
      return world.pass(step.ms);
    case 'create':
      return world.act([step.jwt], () => cluster.createJwt(step.jwt, defaultSpec(step.jwt)));
    case 'delete':
      return world.act(
        [step.jwt],
        () => {
          const { spec = {} } = cluster.jwts.get(step.jwt) ?? {};
          cluster.deleteJwt(step.jwt, step.how, world.clock.now());
          if (step.recreate && Object.keys(spec).length > 0) cluster.createJwt(step.jwt, spec);
        },
        cluster.jwts.get(step.jwt)?.finalizers.includes(KOPF) === true ? RELEASE_AFTER_MS : 0,
      );
    case 'mark':
      return world.act([step.jwt], () => {
        const isDeleted = cluster.jwts.get(step.jwt)?.deletedAt !== undefined;
        if (!isDeleted) cluster.editJwt(step.jwt, { finalizers: [KOPF] });
      });
    case 'edit':
      return world.act([step.jwt], () => {
        const { spec = {} } = cluster.jwts.get(step.jwt) ?? {};
        cluster.editJwt(step.jwt, { spec: { ...spec, ...specOf(step.edit) } });
      });
    case 'label':
      return world.act([step.jwt], () => {
        const { labels = {} } = cluster.jwts.get(step.jwt) ?? {};
        cluster.editJwt(step.jwt, { labels: put(labels, step.name, step.value) });
      });
    case 'annotate':
    case 'renew':
      return world.act([step.jwt], () => {
        const { annotations = {} } = cluster.jwts.get(step.jwt) ?? {};
        const name = step.do === 'renew' ? RENEW : 'example.com/note';
        cluster.editJwt(step.jwt, { annotations: put(annotations, name, step.value) });
      });
    case 'wipe status':
      // The status is the only record of the renewals that were served: one more is allowed.
      world.laws.excuse([step.jwt]);
      return world.act([step.jwt], () => cluster.editJwt(step.jwt, { status: {} }));
    case 'key':
      return world.act(usersOf(world, step.secret), () => putKey(world, step.secret, step.holds));
    case 'grant':
      return world.act(usersOf(world, 'keys/shared'), () =>
        cluster.editSecret('keys/shared', (values) => {
          if (step.to === undefined) values.delete(GRANT);
          else values.set(GRANT, step.to);
        }),
      );
    case 'vandalise':
      return world.act([step.jwt], () => vandaliseNow(world, step.jwt, step.how));
    case 'repeat':
      for (let time = 0; time < step.times; time += 1) {
        world.act([step.jwt], () => changeOnce(world, step, time), MAX_WAIT_MS);
        await world.pass(MOMENT_MS / 10);
      }
      return;
    case 'collect garbage':
      return world.act(JWT_KEYS, () => cluster.collectGarbage([FOREIGN_OWNER.uid]));
    case 'api-health':
      return world.setApiHealth(step.health, step.relist);
    case 'lead':
      return world.lead(step.replica, step.zombieMs);
    case 'restart':
      return world.restart(step.replica);
    case 'relist':
      return world.relist(step.replica);
    case 'lag':
      return world.setLag(step.replica, step.ms);
    case 'jump':
      return world.jump(step.ms);
    case 'refuse':
      warnLaws(world, step);
      return world.trouble((troubles) => troubles.refuse(step.call, step.answer, step.ms));
    case 'keep owners':
      return world.trouble((troubles) => troubles.keepOwners(step.ms));
    case 'suspend':
      return world.trouble((troubles) => troubles.suspend(step.replica, step.what, step.ms));
    case 'doubt':
      return world.trouble((troubles) => troubles.doubt(step.ms));
    default:
      return step satisfies never;
  }
}

/** Tells the laws of answers that say something wrong about a Secret. */
function warnLaws({ laws }: World, { call, answer }: Extract<Step, { do: 'refuse' }>): void {
  if (answer.status === 409 || answer.status === 422) laws.statuses.mayConflict(JWT_KEYS);
  if (answer.status === 404 && call.what === 'secret') laws.statuses.denySecrets();
}

function changeOnce(world: World, { jwt, what }: Extract<Step, { do: 'repeat' }>, time: number): void {
  const { cluster } = world;
  const { annotations = {}, spec = {} } = cluster.jwts.get(jwt) ?? {};
  if (what === 'renew') cluster.editJwt(jwt, { annotations: put(annotations, RENEW, `again ${time}`) });
  else if (what === 'edit') cluster.editJwt(jwt, { spec: { ...spec, ...specOf({ scope: time % 2 }) } });
  else vandaliseNow(world, jwt, what);
}

function vandaliseNow(world: World, jwt: JwtKey, how: Vandalism): void {
  const { clock, cluster, laws } = world;
  vandalise({ cluster, laws, now: clock.now() / 1000, earlier: world.earlierToken(jwt) }, jwt, how);
}

/** After the schedule: checks the final state, and that another round changes nothing. */
async function comeToRest(world: World): Promise<void> {
  const { cluster, laws } = world;
  world.note('the storm is over');
  world.setApiHealth('healthy', false);
  world.trouble((troubles) => troubles.end());
  for (const replica of [0, 1]) world.setLag(replica, 0);
  if (world.leading === undefined) world.lead(0, 0);
  await world.pass(MOMENT_MS);
  world.act(JWT_KEYS, () => cluster.collectGarbage([FOREIGN_OWNER.uid]));
  await world.pass(laws.untilAnswered() + MOMENT_MS);
  throwViolations(world);
  if (world.isLookDue) await lookOnce(world);
  if (world.hasRunningCalls) await world.pass(MOMENT_MS / 10); // a renewal that has just begun
  world.note('at rest');
  laws.violations.push(...findUnsettled(world));
  throwViolations(world);
  await lookAgain(world, 'a restart', () => [0, 1].forEach((replica) => world.restart(replica)));
  await lookAgain(world, 'a failover', () => world.lead(world.leading === undefined ? 0 : 1, 0));
  await lookAgain(world, 'a resync', () => [0, 1].forEach((replica) => world.relist(replica)));
  await world.stop();
  throwViolations(world);
}

async function lookOnce(world: World): Promise<void> {
  for (const replica of [0, 1]) world.restart(replica);
  await world.pass(MOMENT_MS);
  throwViolations(world);
}

async function lookAgain(world: World, what: string, look: () => void): Promise<void> {
  if (isAboutToChange(world)) return;
  const { revision } = world.cluster;
  const { writes } = world;
  world.note(what);
  look();
  await world.pass(MOMENT_MS);
  if (world.cluster.revision !== revision || world.writes !== writes)
    world.laws.violations.push(`I4: ${what} of a cluster at rest wrote something`);
  throwViolations(world);
}

function throwViolations(world: World): void {
  const [first] = world.takeViolations();
  if (first !== undefined) throw new Error(`${first}\n${world.trace.slice(-TRACE_LINES).join('\n')}`);
}

/** Claims so long that the caches only store a digest, and somewhat shorter ones. */
const LONG = ['', 'x'.repeat(1_000), 'x'.repeat(3_000)];

function defaultSpec(key: string): JsonObject {
  return {
    issuer: 'https://issuer.example.com',
    keyId: 'kid-1',
    algorithm: 'ES256',
    data: { sub: key.slice(-1), scope: 'storage.read:/0' },
    expiryTime: { minutes: 60 },
    key: { secret: { name: 'k1', key: 'key.pem' } },
  };
}

function specOf(edit: Edit): JsonObject {
  if ('scope' in edit)
    return { data: { sub: 'edited', scope: `storage.read:/${edit.scope}${LONG[edit.scope] ?? ''}` } };
  if ('lifetime' in edit) return { expiryTime: { minutes: edit.lifetime } };
  if ('resignBefore' in edit)
    return { resignBefore: edit.resignBefore === undefined ? undefined : { minutes: edit.resignBefore } };
  if ('algorithm' in edit) return { algorithm: edit.algorithm };
  if ('policy' in edit) return { deletionPolicy: edit.policy };
  if ('template' in edit) return { secretTemplate: TEMPLATES[edit.template] };
  return {
    ...('keyId' in edit ? { keyId: edit.keyId } : {}),
    ...('issuer' in edit ? { issuer: edit.issuer } : {}),
    ...('key' in edit ? { key: { secret: keyReference(edit.key) } } : {}),
  };
}

const TEMPLATES: readonly JsonObject[] = [
  {},
  { labels: { team: 'template', extra: '1' }, annotations: { 'example.com/note': 'a' } },
  { annotations: { 'example.com/note': 'b', 'example.com/mine': 'ours' } },
];

function keyReference(key: KeySecret): JsonObject {
  const [namespace, name] = key.split('/');
  return { name, key: 'key.pem', ...(namespace === 'science' ? {} : { namespace }) };
}

function usersOf({ cluster }: World, secret: KeySecret): readonly JwtKey[] {
  return JWT_KEYS.filter((key) => {
    const jwt = cluster.jwts.get(key);
    return jwt !== undefined && keySecretOf(jwt.spec, jwt.namespace) === secret;
  });
}

function putKey({ cluster }: World, secret: KeySecret, holds: KeyName | undefined): void {
  if (holds === undefined) {
    cluster.deleteSecret(secret);
    return;
  }
  const text = encode(pemOf(holds));
  cluster.createSecret(secret, { 'data/key.pem': text });
  cluster.editSecret(secret, (values) => values.set('data/key.pem', text));
}

function put(
  values: Readonly<Record<string, string>>,
  name: string,
  value: string | undefined,
): Record<string, string> {
  const { [name]: _dropped, ...rest } = values;
  return value === undefined ? rest : { ...rest, [name]: value };
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64');
}
