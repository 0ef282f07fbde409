import { once } from 'node:events';
import { Agent, request } from 'node:https';
import { json } from 'node:stream/consumers';
import fc from 'fast-check';
import { validPod } from '../admission/generated-pods.ts';
import { brokenPod } from '../admission/hostile-json.ts';
import { stored, workload } from '../admission/workloads.ts';
import { ControlPlaneError } from '../controlplane/control-plane-error.ts';
import { annotatedPod, KEYS, type Json } from '../admission/pods.ts';
import { wireJwt } from '../fixtures/jwts.ts';
import { DENIED, WARNED } from '../integration/bad-pods.ts';
import { reviewText } from '../server/reviews.ts';

/** A review that is sent to both versions. */
interface Question {
  readonly path: string;
  readonly body: string;
}

/** Two answers that differ, each as JSON text. */
export interface Difference {
  readonly question: string;
  readonly from: string;
  readonly to: string;
}

/** The API server's decision by an answer: a patch, a refusal, or neither. */
type Decision = 'injected' | 'denied' | 'left alone';

/** The answers of two versions to the same reviews. */
export interface Comparison {
  readonly asked: number;
  /** The decisions of the first version, with how often it made them. */
  readonly decided: Readonly<Record<Decision, number>>;
  /** Different decisions or patches: the result for an object would depend on the replica that is called. */
  readonly decisions: readonly Difference[];
  /** Equal decisions and patches with different messages or warnings. */
  readonly words: readonly Difference[];
}

/** Fixed, so that all runs have the same reviews. */
const SEED = 1;
const PODS = 400;
/** The minimum number of each decision for any version: half of this version's number, as rules change. */
const MIN_DECISIONS: Readonly<Record<Decision, number>> = { injected: 80, denied: 100, 'left alone': 150 };

/**
 * Sends the same reviews of pods, workloads and JWTs to both webhooks, on loopback. Throws a
 * ControlPlaneError if one of them does not answer as our webhook does: two servers with useless answers
 * would agree, too.
 */
export async function compareAnswers(from: number, to: number, ca: string): Promise<Comparison> {
  const agent = new Agent({ ca, keepAlive: true });
  const decisions: Difference[] = [];
  const words: Difference[] = [];
  const questions = listQuestions();
  const [ofFrom, ofTo]: [Answer[], Answer[]] = [[], []];
  try {
    for (const { path, body } of questions) {
      const [one, other] = await Promise.all([ask(agent, from, path, body), ask(agent, to, path, body)]);
      ofFrom.push(one);
      ofTo.push(other);
      if (JSON.stringify(one) === JSON.stringify(other)) continue;
      const difference = {
        question: `${path} ${body}`,
        from: JSON.stringify(one),
        to: JSON.stringify(other),
      };
      if (effectOf(one) === effectOf(other)) words.push(difference);
      else decisions.push(difference);
    }
  } finally {
    agent.destroy();
  }
  const decided = countDecisions('the version before', ofFrom);
  countDecisions('the version after', ofTo);
  return { asked: questions.length, decided, decisions, words };
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

async function ask(agent: Agent, port: number, path: string, body: string): Promise<Answer> {
  const headers = { 'content-type': 'application/json' };
  const outgoing = request({ host: '127.0.0.1', port, path, method: 'POST', headers, agent });
  outgoing.end(body);
  const [response] = await once(outgoing, 'response');
  return { status: response.statusCode, body: await json(response) };
}

function responseOf({ body }: Answer): { readonly allowed?: unknown; readonly patch?: unknown } {
  return Object(Object(body).response);
}

/** The effect of an answer at the API server. */
function effectOf(answer: Answer): string {
  const { allowed, patch } = responseOf(answer);
  return JSON.stringify([answer.status, allowed, patch]);
}

function countDecisions(who: string, answers: readonly Answer[]): Comparison['decided'] {
  const strange = answers.find(({ status }) => status !== 200);
  if (strange !== undefined)
    throw new ControlPlaneError(
      `${who} answers a review with ${strange.status}: ${JSON.stringify(strange.body).slice(0, 200)}`,
    );
  const decided = { injected: 0, denied: 0, 'left alone': 0 };
  for (const answer of answers) {
    const { allowed, patch } = responseOf(answer);
    decided[allowed !== true ? 'denied' : patch === undefined ? 'left alone' : 'injected'] += 1;
  }
  for (const [decision, min] of Object.entries(MIN_DECISIONS)) {
    const count = decided[decision as Decision];
    if (count < min)
      throw new ControlPlaneError(
        `${who} decides "${decision}" for ${count} of ${answers.length} reviews, at least ${min} were expected: does it see them?`,
      );
  }
  return decided;
}

function listQuestions(): readonly Question[] {
  const sample = <T>(values: fc.Arbitrary<T>, numRuns: number): readonly T[] =>
    fc.sample(values, { seed: SEED, numRuns });
  const pods = [
    ...sample(validPod, PODS),
    ...sample(brokenPod, PODS / 4),
    ...[...DENIED, ...WARNED].map(({ spec, annotations }) => annotatedPod(spec, annotations)),
  ];
  const workloads = sample(validPod, PODS / 4).flatMap((template) => {
    const annotations = { [KEYS.token]: 'my-jwt' };
    const parts = { templateMetadata: template['metadata'], podSpec: template['spec'] };
    const object = workload({ annotations, ...parts });
    return [object, stored(object)];
  });
  const deployment = { resource: { group: 'apps', version: 'v1', resource: 'deployments' } };
  const jwts: readonly Json[] = [
    wireJwt(),
    wireJwt({ key: { value: 'no key' } }),
    wireJwt({ data: { exp: 1, scope: ['a'] } }),
    wireJwt({ issuer: 'issuer', expiryTime: { minutes: 5 } }),
  ];
  const jwt = { resource: { group: 'tokens.osg-htc.org', version: 'v1', resource: 'jwts' } };
  return [
    ...pods.map((object) => ({ path: '/mutate/pods', body: reviewText({ object }) })),
    ...workloads.map((object) => ({
      path: '/mutate/workloads',
      body: reviewText({ ...deployment, kind: { group: 'apps', version: 'v1', kind: 'Deployment' }, object }),
    })),
    ...jwts.map((object) => ({
      path: '/validate/jwts',
      body: reviewText({ ...jwt, kind: { ...jwt.resource, kind: 'JWT' }, object }),
    })),
  ];
}
