import { GROUP, PLURAL, VERSION } from '../resources/names.ts';
import type { Resource } from './resource-path.ts';

/** Our own resource. */
export const JWTS: Resource = { group: GROUP, version: VERSION, plural: PLURAL };
/** The core API's Secrets. */
export const SECRETS: Resource = { group: '', version: 'v1', plural: 'secrets' };
