import type { Loose } from '../integration/objects.ts';
import type { Reply } from './reviewer.ts';

/** Answers a review as the service does. @param change replaces members of the response, or adds to its patch. */
export function answerReview(
  review: string,
  change: { readonly response?: Loose; readonly operations?: readonly Loose[] } = {},
): Reply {
  const { request } = JSON.parse(review);
  const { metadata, spec } = request.object;
  const secretName = metadata.annotations['tokens.osg-htc.org/token'];
  const add = (path: string, value: Loose): Loose => ({ op: 'add', path: `/spec/${path}/-`, value });
  const operations = [
    add('volumes', { name: 'jwt', secret: { secretName } }),
    ...['initContainers', 'containers'].flatMap((list) =>
      spec[list].flatMap((_: Loose, index: number) => [
        add(`${list}/${index}/volumeMounts`, { name: 'jwt', mountPath: '/jwt' }),
        add(`${list}/${index}/env`, { name: 'BEARER_TOKEN_FILE', value: '/jwt/token' }),
      ]),
    ),
    ...(change.operations ?? []),
  ];
  const patch = btoa(JSON.stringify(operations));
  const response = { uid: request.uid, allowed: true, patchType: 'JSONPatch', patch, ...change.response };
  const answer = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response };
  return { status: 200, text: JSON.stringify(answer) };
}
