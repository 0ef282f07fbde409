import type { JsonObject } from '../../resources/json.ts';
import { member, objectMember, stringMember } from '../../resources/json.ts';
import { APP } from '../../resources/names.ts';
import { resourcePath, type Resource } from '../../kube/resource-path.ts';
import type { Access } from '../cluster/connect.ts';
import { inParallel } from '../cluster/in-parallel.ts';
import { hasNamespaceDefault, isPromptDelivery } from '../installation/deployment-flags.ts';
import { shippedRights, type Right } from './shipped-rights.ts';
import type { CertificateSnapshot } from '../installation/certificate-snapshot.ts';

type ReviewClient = Pick<Access['client'], 'create'>;
type Attributes = Omit<Right, 'half' | 'where'> & { readonly namespace?: string };

const GROUP_VERSION = { group: 'authorization.k8s.io', version: 'v1' } as const;
const SELF_REVIEWS: Resource = { ...GROUP_VERSION, plural: 'selfsubjectaccessreviews' };
const USER_REVIEWS: Resource = { ...GROUP_VERSION, plural: 'subjectaccessreviews' };
/** The limit for the namespaces to ask about; each is asked for 12 rights, 15 with prompt delivery. */
const MAX_NAMESPACES = 20;

/** Whether the caller has a right (SelfSubjectAccessReview, which everybody is allowed to create). */
export function askRight(client: ReviewClient, attributes: Attributes): Promise<boolean> {
  return isAllowed(client, SELF_REVIEWS, { resourceAttributes: toWire(attributes) });
}

/**
 * The rights that jwt-injector lacks, each once. Only those who are allowed to create SubjectAccessReviews can know
 * them, as administrators are; for others it is a KubeError.
 */
export async function findMissingRights(
  client: ReviewClient,
  installation: Pick<CertificateSnapshot, 'namespace' | 'tls'> & {
    /** The namespaces that jwt-injector is limited to; `undefined`: all. */
    readonly limits: readonly string[] | undefined;
    readonly deployments: {
      readonly webhook: JsonObject | undefined;
      readonly controller: JsonObject | undefined;
    };
  },
): Promise<readonly Right[]> {
  const { namespace, tls, limits, deployments } = installation;
  const { webhook } = deployments;
  const account = {
    webhook: accountOf(webhook, APP),
    controller: accountOf(deployments.controller, accountOf(webhook, APP)),
  };
  const rights = shippedRights({
    usesNamespaceDefault: limits === undefined && (webhook === undefined || hasNamespaceDefault(webhook)),
    promptDelivery: isPromptDelivery(deployments.controller ?? webhook),
    ownCertificate: tls.source === 'self' ? tls.name : undefined,
  });
  const isGranted = await inParallel(rights, async ({ half, where, ...right }) => {
    const user = `system:serviceaccount:${namespace}:${account[half]}`;
    const served = limits?.slice(0, MAX_NAMESPACES) ?? [undefined];
    const places = where === 'served' ? served : [where === 'own' ? namespace : undefined];
    for (const place of places) {
      const attributes = toWire({ ...right, ...(place === undefined ? {} : { namespace: place }) });
      if (!(await isAllowed(client, USER_REVIEWS, { user, resourceAttributes: attributes }))) return false;
    }
    return true;
  });
  return rights.filter((_, index) => isGranted[index] !== true);
}

function accountOf(deployment: JsonObject | undefined, byDefault: string): string {
  const template = objectMember(objectMember(deployment, 'spec'), 'template');
  return stringMember(objectMember(template, 'spec'), 'serviceAccountName') ?? byDefault;
}

async function isAllowed(client: ReviewClient, resource: Resource, spec: JsonObject): Promise<boolean> {
  const kind = resource === SELF_REVIEWS ? 'SelfSubjectAccessReview' : 'SubjectAccessReview';
  const body = { apiVersion: 'authorization.k8s.io/v1', kind, spec };
  const answer = await client.create(resourcePath(resource), body);
  return member(objectMember(answer, 'status'), 'allowed') === true;
}

function toWire({ verb, group, resource, subresource, name, namespace }: Attributes): JsonObject {
  return {
    verb,
    group,
    resource,
    ...(subresource === undefined ? {} : { subresource }),
    ...(name === undefined ? {} : { name }),
    ...(namespace === undefined ? {} : { namespace }),
  };
}
