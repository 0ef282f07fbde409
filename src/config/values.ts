import { isIP } from 'node:net';
import { isNamespaceName, isObjectName } from '../resources/object-name.ts';

/**
 * An address to listen at: `:8443` is every interface, `127.0.0.1:8443` and `[::1]:8443` one, `localhost:8443` the first address
 * of that name. Port 0 lets the system choose.
 */
export interface Address {
  readonly host: string | undefined;
  readonly port: number;
}

/** pino's levels, and `silent`. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
/** One of `LOG_LEVELS`. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** `host:port` or `:port`; a host of IPv6 stands in brackets. */
export function parseAddress(text: string): Address | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) return undefined;
  const host = match[1] ?? match[2];
  return { host: host === '' ? undefined : host, port };
}

/** `10.0.0.1,fd00::1`: IP addresses, each once, as the downward API gives those of a pod. */
export function parseIps(text: string): readonly [string, ...string[]] | undefined {
  const [first, ...others] = new Set(text.split(',').map((ip) => ip.trim()));
  return first !== undefined && [first, ...others].every((ip) => isIP(ip) !== 0)
    ? [first, ...others]
    : undefined;
}

/** The name of a namespace. */
export function parseNamespace(text: string): string | undefined {
  return isNamespaceName(text) ? text : undefined;
}

/** `a, b`: names of namespaces, each once. */
export function parseNamespaces(text: string): readonly string[] | undefined {
  const names = new Set(text.split(',').map((name) => name.trim()));
  return [...names].every(isNamespaceName) ? [...names] : undefined;
}

/** `https://a, https://b`: issuers, each once. */
export function parseIssuers(text: string): readonly string[] | undefined {
  const issuers = new Set(text.split(',').map((issuer) => issuer.trim()));
  return issuers.has('') ? undefined : [...issuers];
}

/** The name of a Secret. */
export function parseSecretName(text: string): string | undefined {
  return isObjectName(text) ? text : undefined;
}

/** A whole number from 1 to 1024. */
export function parseCount(text: string): number | undefined {
  const count = Number(text);
  return /^[1-9]\d{0,3}$/.test(text) && count <= 1024 ? count : undefined;
}

/** One of `LOG_LEVELS`. */
export function parseLogLevel(text: string): LogLevel | undefined {
  return LOG_LEVELS.find((level) => level === text);
}
