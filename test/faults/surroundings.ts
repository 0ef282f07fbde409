import { setTimeout as sleep } from 'node:timers/promises';
import { installCrd } from '../controlplane/install.ts';
import { waitUntil } from '../controlplane/wait-until.ts';
import type { Loose } from '../integration/objects.ts';
import { makeKey, toPem } from '../fixtures/keys.ts';
import { ApiRefusal, pathOf } from './api.ts';
import { sumCovered } from './case-file.ts';
import { renewalOf } from './due.ts';
import { ALONE, type Fault } from './fault.ts';
import { ONE_MINUTE, type Ground } from './ground.ts';
import type { TrackedJwt } from './tracked-jwt.ts';

const SERVICE_USER = 'system:serviceaccount:jwt-injector:jwt-injector';
/** The API server's watches report its RBAC and its policies within seconds, on a busy machine later. */
const IN_EFFECT_WITHIN_MS = 30_000;
const CLUSTER_ROLE = '/apis/rbac.authorization.k8s.io/v1/clusterroles/jwt-injector';

/**
 * Removes the right for a verb, causes a request that needs it, waits for the report, restores the right, and
 * waits until the request is done.
 */
async function withoutVerb(
  ground: Ground,
  { resource, verb }: { resource: string; verb: string },
): Promise<void> {
  const { api } = ground.arena;
  const jwt = await ground.sign('refused');
  const { rules } = await api.get(CLUSTER_ROLE);
  const reduced = rules.map((rule: Loose) =>
    rule.resources.includes(resource)
      ? { ...rule, verbs: rule.verbs.filter((each: string) => each !== verb) }
      : rule,
  );
  await api.merge(CLUSTER_ROLE, { rules: reduced.filter((rule: Loose) => rule.verbs.length > 0) });
  try {
    await waitUntilServiceMay(ground, { resource, verb }, false);
    if (verb === 'get') await changeKey(ground, jwt);
    else await jwt.requestRenewal();
    const isReported = async (): Promise<boolean> => {
      const events = await api.list(pathOf('events', ground.namespace));
      return events.items.some(
        ({ reason, note }: Loose) =>
          reason === 'WriteRefused' && note.includes(`is not allowed to ${verb} ${resource} `),
      );
    };
    await jwt.waitFor('an Event that reports the refusal', isReported, 15_000);
  } finally {
    await api.merge(CLUSTER_ROLE, { rules });
  }
  await ground.rest(0);
  const renewals = jwt.jwt.status.renewals ?? 0;
  await waitUntilServiceMay(ground, { resource, verb }, true);
  const startedAt = performance.now();
  await jwt.requestRenewal(); // a refused write is tried again when an input changes
  jwt.addCauses(); // with the status refused, the token was written but could not be reported
  await jwt.waitFor('a renewal once it is allowed again', () => jwt.jwt.status.renewals > renewals, 30_000);
  ground.recovered(performance.now() - startedAt);
}

/** Waits until the API server itself says that the service may, or may not, do this in the namespace. */
async function waitUntilServiceMay(
  { arena, namespace }: Ground,
  { resource, verb }: { resource: string; verb: string },
  may: boolean,
): Promise<void> {
  const [plural, subresource = ''] = resource.split('/');
  const group = plural === 'jwts' ? 'tokens.osg-htc.org' : '';
  const resourceAttributes = { namespace, verb, group, resource: plural, subresource };
  const what = `the service to be ${may ? 'allowed' : 'forbidden'} to ${verb} ${resource}`;
  await waitUntil(what, IN_EFFECT_WITHIN_MS, async () => {
    const review = await arena.api.create('/apis/authorization.k8s.io/v1/subjectaccessreviews', {
      spec: { user: SERVICE_USER, groups: ['system:authenticated'], resourceAttributes },
    });
    return review.status.allowed === may;
  });
}

/** A key that is already known does not have to be read. */
async function changeKey(ground: Ground, jwt: TrackedJwt): Promise<void> {
  const key = makeKey('ES256');
  jwt.addCauses();
  jwt.noteKey(key, `${jwt.name}-1`);
  await ground.storeKey(`${jwt.name}-key`, toPem(key));
}

/** A Secret that nobody can create while the policy of the fault is in effect. */
const PROBE = 'probe-of-the-policy';

async function isProbeRefused({ arena, namespace }: Ground): Promise<boolean> {
  try {
    await arena.api.rehearse(pathOf('secrets', namespace), { metadata: { name: PROBE } });
    return false;
  } catch (error) {
    if (error instanceof ApiRefusal && error.status === 422) return true;
    throw error;
  }
}

/** A policy of the cluster refuses all writes of Secrets in the namespace. */
async function refuseByPolicy(ground: Ground): Promise<void> {
  const { api } = ground.arena;
  const jwt = await ground.sign('refused');
  const path = '/apis/admissionregistration.k8s.io/v1';
  const name = `no-secrets-${ground.namespace}`;
  await api.create(`${path}/validatingadmissionpolicies`, {
    metadata: { name },
    spec: {
      matchConstraints: {
        resourceRules: [
          { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['secrets'] },
        ],
      },
      validations: [
        { expression: `request.userInfo.username != "${SERVICE_USER}"`, message: 'refused' },
        { expression: `object.metadata.name != "${PROBE}"`, message: 'refused' },
      ],
    },
  });
  await api.create(`${path}/validatingadmissionpolicybindings`, {
    metadata: { name },
    spec: {
      policyName: name,
      validationActions: ['Deny'],
      matchResources: {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': ground.namespace } },
      },
    },
  });
  const before = jwt.text;
  try {
    await waitUntil('the policy', IN_EFFECT_WITHIN_MS, () => isProbeRefused(ground));
    await jwt.requestRenewal();
    const isReported = async (): Promise<boolean> =>
      (await api.list(pathOf('events', ground.namespace))).items.some(
        ({ reason, note }: Loose) => reason === 'WriteRefused' && note.includes(`admission policy ${name} `),
      );
    await jwt.waitFor('an Event that reports the refusal', isReported, 15_000);
    if (jwt.text !== before) ground.fail('recovery', 'the policy had no effect: nothing was tested');
  } finally {
    await api.remove(`${path}/validatingadmissionpolicybindings/${name}`);
    await api.remove(`${path}/validatingadmissionpolicies/${name}`);
  }
  await waitUntil('the end of the policy', IN_EFFECT_WITHIN_MS, async () => !(await isProbeRefused(ground)));
  const startedAt = performance.now();
  await jwt.requestRenewal(); // a refused write is tried again when an input changes
  await jwt.waitFor('a renewal once it is allowed again', () => jwt.isRenewed(before), 60_000);
  ground.recovered(performance.now() - startedAt);
}

async function reinstallCrd(ground: Ground): Promise<void> {
  const { api, cluster } = ground.arena;
  const jwt = await ground.sign('exile');
  const { spec, apiVersion, kind } = await api.get(jwt.path);
  await cluster.kubectl(['delete', 'crd', 'jwts.tokens.osg-htc.org', '--timeout=60s']);
  await jwt.waitFor('the JWT to go', () => jwt.jwt === undefined, 20_000);
  await sleep(ground.short ? 2_000 : 15_000);
  if (ground.arena.main().hasEnded()) ground.fail('recovery', 'the service ended when its CRD went');
  await waitUntil('the old Secret to go', 60_000, () => jwt.secret === undefined);
  await installCrd(cluster);
  jwt.addCauses();
  const startedAt = performance.now();
  await api.create(pathOf('jwts', ground.namespace), {
    apiVersion,
    kind,
    metadata: { name: jwt.name },
    spec,
  });
  await jwt.waitFor('a token under the new CRD', () => jwt.isRenewed(''), 60_000);
  ground.recovered(performance.now() - startedAt);
}

/** Restarts the service with other settings: this causes no write, and later writes have the right times. */
async function restartWith(ground: Ground, env: NodeJS.ProcessEnv): Promise<void> {
  const { arena } = ground;
  const jwts = await ground.signMany('settled', 5);
  await arena.main().stop();
  const main = await arena.startMain({ env });
  await main.waitUntilLeading();
  await sleep(2_000);
  const needless = main.writes().filter(({ path }) => path.includes(`/namespaces/${ground.namespace}/`));
  if (needless.length > 0) ground.fail('I4', `${needless.length} requests to write after a restart`);
  const [jwt] = jwts;
  if (jwt === undefined) return;
  const before = await jwt.requestRenewal();
  const startedAt = performance.now();
  await jwt.waitFor('a new token', () => jwt.isRenewed(before));
  ground.recovered(performance.now() - startedAt);
  const { issuedAt, expiresAt } = jwt.jwt.status;
  const { iat, exp } = jwt.token?.claims ?? {};
  if (Date.parse(issuedAt) !== (iat + 60) * 1000 || Date.parse(expiresAt) !== exp * 1000) {
    ground.fail('recovery', 'the status has other times than the token');
  }
  if (Math.abs(iat + 60 - Date.now() / 1000) > 30) ground.fail('I2', 'the token was issued at another time');
}

/** What no neighbour may delay. The judge of all renewals allows more, and counts from a later time, without jitter. */
const PROMPT_S = 2;

/** A hundred JWTs that fail again and again, beside one that is due. */
async function failBeside(ground: Ground, fail: 'refuse' | 'hang'): Promise<void> {
  const due = await ground.sign('due', { spec: ONE_MINUTE });
  const before = due.text;
  const { proxy } = ground.arena.main();
  const end = proxy.treat(({ method, path }) => {
    const isBroken =
      method === 'PATCH' && path.startsWith(pathOf('secrets', ground.namespace)) && path.includes('broken');
    if (!isBroken) return undefined;
    return fail === 'refuse'
      ? { do: 'answer', status: 500 }
      : { do: 'hold', until: new Promise(() => undefined) };
  });
  try {
    await ground.signMany('broken', 100, { isAwaited: false });
    const dueAt = renewalOf(due);
    await due.waitFor('the renewal', () => due.isRenewed(before), 60_000);
    const signedAt = ((due.token?.claims.iat ?? 0) + 60) * 1_000;
    const hinderedMs = sumCovered({ from: dueAt, until: signedAt }, ground.arena.pulse.pauses());
    const late = Math.max(0, signedAt - dueAt - hinderedMs) / 1_000;
    ground.note(`renewed ${late} s after it was due`);
    if (late > PROMPT_S) ground.fail('recovery', `renewed ${late} s late`);
  } finally {
    ground.requireHarm(end());
  }
}

export const SURROUNDINGS: readonly Fault[] = [
  ...[
    { resource: 'secrets', verb: 'patch' },
    { resource: 'jwts/status', verb: 'patch' },
    { resource: 'secrets', verb: 'get' },
  ].map((taken): Fault => ({
    isLocal: false,
    name: `rbac-${taken.verb}-${taken.resource.replace('/', '-')}`,
    title: `RBAC: the verb ${taken.verb} on ${taken.resource} is removed and restored`,
    tries: { short: 0, full: 1 },
    play: (ground) => withoutVerb(ground, taken),
  })),
  {
    name: 'policy-refuses-secrets',
    title: 'an admission policy refuses every write of Secrets, until it is removed',
    isLocal: true,
    tries: { short: 0, full: 1 },
    play: refuseByPolicy,
  },
  ...['America/Chicago', 'Asia/Tokyo'].map((zone): Fault => ({
    isLocal: false,
    name: `time-zone-${zone.toLowerCase().replace('/', '-')}`,
    title: `restarted with TZ=${zone}: nothing is written, and all times are right`,
    tries: { short: 0, full: 1 },
    play: (ground) => restartWith(ground, { TZ: zone }),
  })),
  {
    ...ALONE,
    name: 'broken-neighbours-refused',
    title: 'a hundred JWTs whose writes are answered 500, beside one that is due',
    tries: { short: 0, full: 1 },
    play: (ground) => failBeside(ground, 'refuse'),
  },
  {
    ...ALONE,
    name: 'broken-neighbours-hanging',
    title: 'a hundred JWTs whose writes hang, beside one that is due',
    tries: { short: 0, full: 1 },
    play: (ground) => failBeside(ground, 'hang'),
  },
];

/** With the CRD, all JWTs are deleted, including the witness. */
export const CRD_REINSTALLED: Fault = {
  isLocal: false,
  isLast: true,
  name: 'crd-reinstalled',
  title: 'the CRD is removed, and installed again: the service continues, and signs new JWTs',
  tries: { short: 0, full: 1 },
  play: reinstallCrd,
};
