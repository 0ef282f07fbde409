import { GROUP, PLURAL, VERSION } from '../resources/names.ts';
import type { Resource } from './resource-path.ts';

/** Our own resource. */
export const JWTS: Resource = { group: GROUP, version: VERSION, plural: PLURAL };
/** The core API's Secrets. */
export const SECRETS: Resource = { group: '', version: 'v1', plural: 'secrets' };
/** The core API's pods. */
export const PODS: Resource = { group: '', version: 'v1', plural: 'pods' };
/** The core API's Namespaces; they have no namespace themselves. */
export const NAMESPACES: Resource = { group: '', version: 'v1', plural: 'namespaces' };
/** Leases (coordination.k8s.io/v1). */
export const LEASES: Resource = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases' };
/** Events (events.k8s.io/v1). */
export const EVENTS: Resource = { group: 'events.k8s.io', version: 'v1', plural: 'events' };
