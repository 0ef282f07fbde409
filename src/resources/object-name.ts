/** Characters of the name of an object (Kubernetes API, DNS-1123 subdomain). A data key of a Secret has no more. */
export const MAX_OBJECT_NAME = 253;
/** Characters of the name of a namespace or a volume (DNS-1123 label). */
export const MAX_DNS_LABEL = 63;

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const DATA_KEY = /^[-._a-zA-Z0-9]+$/;
const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Whether most objects can have that name, such as a Secret, and so a JWT. */
export function isObjectName(name: string): boolean {
  return name.length <= MAX_OBJECT_NAME && DNS_SUBDOMAIN.test(name);
}

/** Whether a namespace can have that name. */
export function isNamespaceName(name: string): boolean {
  return name.length <= MAX_DNS_LABEL && DNS_LABEL.test(name);
}

/** Whether a value in a Secret or ConfigMap can have that name. */
export function isDataKey(name: string): boolean {
  return name.length <= MAX_OBJECT_NAME && DATA_KEY.test(name);
}

/** The start of an object's name, of at most `length` characters. A dot or dash at the cut goes: no name ends in one. */
export function startOfName(name: string, length: number): string {
  return name.slice(0, length).replace(/[.-]+$/, '');
}
