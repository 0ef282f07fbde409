// Sends the review of a pod that asks for a token to $WEBHOOK, and ends with 0 if the answer injects it.
const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'helm-test', annotations: { 'tokens.osg-htc.org/token': 'my-jwt' } },
  spec: { containers: [{ name: 'main', image: 'busybox' }] },
};
const request = {
  uid: 'helm-test',
  kind: { group: '', version: 'v1', kind: 'Pod' },
  resource: { group: '', version: 'v1', resource: 'pods' },
  name: 'helm-test',
  namespace: 'helm-test',
  operation: 'CREATE',
  object: pod,
};
const review = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request };
try {
  const answer = await fetch(process.env.WEBHOOK, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(review),
    signal: AbortSignal.timeout(10_000),
  });
  const { response } = await answer.json();
  const patch = Buffer.from(response?.patch ?? '', 'base64').toString();
  if (!patch.includes('BEARER_TOKEN_FILE'))
    throw new Error(`no token is injected: ${JSON.stringify(response)}`);
  console.log(`${process.env.WEBHOOK} injects a token`);
} catch (error) {
  console.error(`${process.env.WEBHOOK}: ${error.message} ${error.cause?.message ?? ''}`);
  process.exitCode = 1;
}
