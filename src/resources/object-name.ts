/** Characters of the name of an object (Kubernetes API, DNS-1123 subdomain). A data key of a Secret has no more. */
export const MAX_OBJECT_NAME = 253;
/** Characters of the name of a namespace or a volume (DNS-1123 label). */
export const MAX_DNS_LABEL = 63;
