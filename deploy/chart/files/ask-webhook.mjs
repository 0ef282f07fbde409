// Sends the review of a pod that asks for a token to $WEBHOOK, and ends with 0 if the answer injects it. The certificate is to be
// that of $CERTIFICATES/tls.crt, or of the authority in $CERTIFICATES/ca.crt: a Secret of an admin may lack the second.
import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:https';
import { setTimeout } from 'node:timers/promises';

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'helm-test', annotations: { 'tokens.osg-htc.org/token': 'my-jwt' } },
  spec: { containers: [{ name: 'main', image: 'busybox' }] },
};
const review = {
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: {
    uid: 'helm-test',
    kind: { group: '', version: 'v1', kind: 'Pod' },
    resource: { group: '', version: 'v1', resource: 'pods' },
    name: 'helm-test',
    namespace: 'helm-test',
    operation: 'CREATE',
    object: pod,
  },
};
const { WEBHOOK, CERTIFICATES } = process.env;

async function ask() {
  const files = ['ca.crt', 'tls.crt'].map((name) => `${CERTIFICATES}/${name}`).filter(existsSync);
  if (files.length === 0) throw new Error(`neither ca.crt nor tls.crt is in the Secret of the certificate`);
  const { promise, resolve, reject } = Promise.withResolvers();
  const sent = request(WEBHOOK, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    ca: files.map((file) => readFileSync(file)),
    allowPartialTrustChain: true, // or a certificate that is not its own authority would not be trusted
    signal: AbortSignal.timeout(10_000),
  });
  sent.on('response', resolve).on('error', reject).end(JSON.stringify(review));
  const text = Buffer.concat(await (await promise).toArray()).toString();
  const { response } = JSON.parse(text);
  const patch = Buffer.from(response?.patch ?? '', 'base64').toString();
  if (!patch.includes('BEARER_TOKEN_FILE')) throw new Error(`no token is injected: ${text}`);
}

/** What the network says that does not let anybody in. */
const REFUSALS = new Set(['ECONNREFUSED', 'EHOSTUNREACH']);

/** Where NetworkPolicies are enforced, it may take some seconds until the network knows this pod as one that may ask. */
async function askUntilLetIn() {
  for (const end = Date.now() + 30_000; ; await setTimeout(1000)) {
    try {
      return await ask();
    } catch (error) {
      if (!REFUSALS.has(error.code) || Date.now() > end) throw error;
      console.error(`${error.message}, asking again`);
    }
  }
}

try {
  await askUntilLetIn();
  console.log(`${WEBHOOK} injects a token`);
} catch (error) {
  console.error(`${WEBHOOK}: ${error.message}`);
  process.exitCode = 1;
}
