import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { createCertificateAuthority } from '../controlplane/certificates.ts';
import type { Cluster } from '../controlplane/cluster.ts';
import type { Loose } from './objects.ts';

/**
 * The API server closes idle connections after 90 s. With Node's default of 5 s, a connection could end just
 * when the API server sends a review.
 */
const KEEP_ALIVE_MS = 95_000;

/** RFC 6902 operations for an object; empty if nothing has to be changed. */
export type Injector = (object: Loose) => readonly Loose[];

/** A mutating webhook of another product. */
export interface Neighbour {
  /** Name of its configuration: webhooks are called in the order of these names, ours is `jwt-injector`. */
  readonly name: string;
  /** It gets objects of namespaces with the label `neighbour: <label>`. */
  readonly label: string;
  /** New pods by default, or all writes of Secrets. */
  readonly sees?: 'secrets';
  readonly inject: Injector;
  /** The reason for refusing an object; `undefined` if it is accepted. */
  readonly refuse?: (object: Loose) => string | undefined;
}

/** Serves all webhooks on loopback, and registers each in a configuration of its own. */
export async function startNeighbours(
  cluster: Pick<Cluster, 'apply'>,
  neighbours: readonly Neighbour[],
): Promise<{ stop(): void }> {
  const authority = await createCertificateAuthority('neighbours');
  const { certificate, key } = await authority.issue([], ['127.0.0.1']);
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { request: review }: Loose = await json(request);
    const neighbour = neighbours.find(({ name }) => request.url?.startsWith(`/${name}?`));
    const message = neighbour?.refuse?.(review.object);
    const operations = neighbour?.inject(review.object) ?? [];
    const patch = Buffer.from(JSON.stringify(operations)).toString('base64');
    const changes = operations.length === 0 ? {} : { patchType: 'JSONPatch', patch };
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({
        apiVersion: 'admission.k8s.io/v1',
        kind: 'AdmissionReview',
        response: {
          uid: review.uid,
          ...(message === undefined
            ? { allowed: true, ...changes }
            : { allowed: false, status: { message } }),
        },
      }),
    );
  };
  const server = createServer({ cert: certificate, key }, (request, response) => {
    // The test that waits for the answer fails; that the API server gave a review up fails none.
    answer(request, response).catch(() => response.destroy());
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  for (const { name, label, sees } of neighbours) {
    const configuration = {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name },
      webhooks: [
        {
          name: `${name}.example.org`,
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
          clientConfig: {
            url: `https://127.0.0.1:${port}/${name}`,
            caBundle: Buffer.from(authority.certificate).toString('base64'),
          },
          namespaceSelector: { matchLabels: { neighbour: label } },
          rules: [
            {
              operations: sees === undefined ? ['CREATE'] : ['CREATE', 'UPDATE'],
              apiGroups: [''],
              apiVersions: ['v1'],
              resources: [sees ?? 'pods'],
            },
          ],
        },
      ],
    };
    await cluster.apply(JSON.stringify(configuration));
  }
  return {
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const SIDECAR = { name: 'sidecar', image: 'proxy' };

function has(pod: Loose, name: string): boolean {
  return pod.spec.containers.some((container: Loose) => container.name === name);
}

/** Adds a container at the end and an init container at the front, as sidecar injectors do. */
export function addSidecar(pod: Loose): readonly Loose[] {
  if (has(pod, 'sidecar')) return [];
  const init = { name: 'sidecar-init', image: 'proxy' };
  return [
    { op: 'add', path: '/spec/containers/-', value: SIDECAR },
    pod.spec.initContainers === undefined
      ? { op: 'add', path: '/spec/initContainers', value: [init] }
      : { op: 'add', path: '/spec/initContainers/0', value: init },
  ];
}

/** Replaces all containers, and gives the sidecar the mounts of the first, as older injectors do. */
export function rewriteContainers(pod: Loose): readonly Loose[] {
  if (has(pod, 'sidecar')) return [];
  const { containers } = pod.spec;
  const sidecar = { ...SIDECAR, volumeMounts: containers[0].volumeMounts };
  return [{ op: 'replace', path: '/spec/containers', value: [...containers, sidecar] }];
}

/** Removes a label, as tools do that allow only their own labels. */
export function removeLabel(label: string): Injector {
  return ({ metadata: { labels = {} } }) =>
    label in labels ? [{ op: 'remove', path: `/metadata/labels/${label.replaceAll('/', '~1')}` }] : [];
}

/** Adds the annotation that asks for a token. */
export function addAnnotation(pod: Loose): readonly Loose[] {
  const annotations = { ...pod.metadata.annotations, 'tokens.osg-htc.org/token': 'my-jwt' };
  return [{ op: 'add', path: '/metadata/annotations', value: annotations }];
}
