import type { Settings } from './settings.ts';
import { parseAddress, type Address } from './values.ts';

/** Reads the address to listen at. */
export function readAddress(settings: Settings, name: 'webhook-address' | 'http-address'): Address {
  return settings.parsed(name, parseAddress, 'host:port or :port', { host: undefined, port: 0 });
}
