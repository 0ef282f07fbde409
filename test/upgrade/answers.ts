import { once } from 'node:events';
import { Agent, request } from 'node:https';
import { json } from 'node:stream/consumers';
import fc from 'fast-check';
import { brokenPod, validPod } from '../admission/generated-pods.ts';
import { stored, workload } from '../admission/workloads.ts';
import { annotatedPod, KEYS, type Json } from '../admission/pods.ts';
import { wireJwt } from '../fixtures/jwts.ts';
import { DENIED, WARNED } from '../integration/bad-pods.ts';
import { reviewText } from '../server/reviews.ts';

/** A review to be asked of both versions. */
interface Question {
  readonly path: string;
  readonly body: string;
}

/** One answer that is not the same, each as JSON text. */
export interface Difference {
  readonly question: string;
  readonly from: string;
  readonly to: string;
}

/** How two versions answered the same reviews. */
export interface Comparison {
  readonly asked: number;
  /** Another decision or patch: what happens to an object would depend on which replica is asked. */
  readonly decisions: readonly Difference[];
  /** The same decision and patch in other words, or with other warnings. */
  readonly words: readonly Difference[];
}

/** The same reviews each time. */
const SEED = 1;
const PODS = 400;

/** Asks both webhooks, on loopback, the same reviews of pods, workloads and JWTs. */
export async function compareAnswers(from: number, to: number, ca: string): Promise<Comparison> {
  const agent = new Agent({ ca, keepAlive: true });
  const decisions: Difference[] = [];
  const words: Difference[] = [];
  const questions = listQuestions();
  try {
    for (const { path, body } of questions) {
      const [one, other] = await Promise.all([from, to].map((port) => ask(agent, port, path, body)));
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
  return { asked: questions.length, decisions, words };
}

async function ask(agent: Agent, port: number, path: string, body: string): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const outgoing = request({ host: '127.0.0.1', port, path, method: 'POST', headers, agent });
  outgoing.end(body);
  const [response] = await once(outgoing, 'response');
  return { status: response.statusCode, body: await json(response) };
}

/** What the API server makes of an answer. */
function effectOf(answer: unknown): string {
  const { response } = Object(Object(answer).body);
  const { allowed, patch } = Object(response);
  return JSON.stringify([Object(answer).status, allowed, patch]);
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
