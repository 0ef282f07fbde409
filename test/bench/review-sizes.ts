import { reviewText } from '../server/reviews.ts';
import { annotatedPod, container, type Json } from '../admission/pods.ts';

/** A pod as the API server sends it, with the ServiceAccount volume and this number of containers. */
function makeReview(containers: number): string {
  const access = {
    name: 'kube-api-access',
    mountPath: '/var/run/secrets/kubernetes.io/serviceaccount',
    readOnly: true,
  };
  const each = (_: unknown, index: number): Json =>
    container(`container-${index}`, {
      env: Array.from({ length: 8 }, (_each, number) => ({
        name: `SETTING_${number}`,
        value: 'x'.repeat(24),
      })),
      resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
      terminationMessagePath: '/dev/termination-log',
      volumeMounts: [access],
    });
  const volume = {
    name: 'kube-api-access',
    projected: {
      sources: [{ serviceAccountToken: { path: 'token', expirationSeconds: 3607 } }],
      defaultMode: 420,
    },
  };
  const spec = { containers: Array.from({ length: containers }, each), volumes: [volume] };
  return reviewText({ object: annotatedPod(spec) });
}

/** About 2.5 KB with 2 containers, and 28 KB with 40. */
export const REVIEWS = { '2.5 KB': makeReview(2), '28 KB': makeReview(40) } as const;
