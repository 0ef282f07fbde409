/**
 * API group of the JWT resource, and prefix of every annotation and label of ours; those of token-manager, so that its
 * users change nothing.
 */
export const GROUP = 'tokens.osg-htc.org';
/** The one version of the JWT resource, served and stored. */
export const VERSION = 'v1';
/** The resource's kind, as in `kind: JWT`. */
export const KIND = 'JWT';
/** The resource's name in paths of the API and in RBAC rules. */
export const PLURAL = 'jwts';
/** The prefix of the key of each annotation and label of ours. */
export const PREFIX = `${GROUP}/`;

/** Name of the Namespace, Deployment, Service, ServiceAccount and Lease, and field manager of every write. */
export const APP = 'jwt-injector';

/** Secret of the webhook's certificate, in the service's namespace. */
export const TLS_SECRET = 'jwt-injector-tls';

/** The data key that holds the compact JWS, in the Secret and as file name in the mounted volume. */
export const TOKEN_KEY = 'token';

/** Annotations on pods and pod templates that ask for an injection (docs/injection.md). */
export const INJECTION_ANNOTATIONS = {
  token: `${PREFIX}token`,
  inject: `${PREFIX}inject`,
  containers: `${PREFIX}containers`,
  skipContainers: `${PREFIX}skip-containers`,
  mountPath: `${PREFIX}mount-path`,
  envVar: `${PREFIX}env-var`,
  fileMode: `${PREFIX}file-mode`,
} as const;

/** On a pod template: what was copied there from the workload's own annotations, as JSON. */
export const COPIED_ANNOTATION = `${PREFIX}copied`;

/** On the Secret: epoch seconds as a decimal string, as token-manager wrote it. */
export const LAST_SIGNING_TIME = `${PREFIX}last-signing-time`;
/** On the Secret: RFC 3339. */
export const EXPIRES_AT = `${PREFIX}expires-at`;
/** On the Secret: `namespace/name` of its JWT, so that a copy of it elsewhere is not taken for ours. */
export const OWNING_JWT = `${PREFIX}jwt`;
/** On a Secret that is not ours: the name of the JWT that may take it over. */
export const ADOPT = `${PREFIX}adopt`;
/** On the JWT: any new value asks for one new token. */
export const RENEW = `${PREFIX}renew`;
/** On the JWT: how far the rotation to another key is, as JSON; `jwks` and `rotate` on the command line read it. */
export const ROTATION = `${PREFIX}rotation`;
/** On a key Secret: namespaces (comma-separated, or `*`) whose JWTs may sign with it. */
export const ALLOWED_NAMESPACES = `${PREFIX}allowed-namespaces`;
/**
 * On a key Secret: reserved for the key owner's policy, which this version does not enforce: if one is present, nothing
 * is signed.
 */
export const RESERVED_POLICIES = [
  `${PREFIX}allowed-issuers`,
  `${PREFIX}allowed-scopes`,
  `${PREFIX}max-lifetime`,
] as const;

/**
 * On a pod: when it was nudged, RFC 3339. Its prefix is another one than that of the annotations that ask for a token, so a
 * pod that never asked for one does not look as if it had.
 */
export const NUDGED_AT = `delivery.${PREFIX}nudged-at`;

/** Label of every Secret we write; the watch selects by it. */
export const MANAGED_LABEL = `${PREFIX}managed`;
/**
 * Kubernetes' recommended label; its value is `jwt-injector`, and `jwt-injector-controller` on what a controller of its
 * own needs.
 */
export const APP_LABEL = 'app.kubernetes.io/name';
/** Kubernetes' recommended label; its value on our Secrets is `jwt-injector`. */
export const MANAGED_BY_LABEL = 'app.kubernetes.io/managed-by';

/** Annotation of kubectl: the whole object as `kubectl apply` was given it last, as JSON. */
export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** Label on a Namespace: the token of those of its pods that do not name one themselves. */
export const NAMESPACE_DEFAULT_LABEL = `${PREFIX}token`;
