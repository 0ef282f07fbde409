import { BlockList, isIP } from 'node:net';

/**
 * The proxy for https URLs of a host, by HTTPS_PROXY and NO_PROXY as kubectl and other programs in Go read them
 * (golang.org/x/net/http/httpproxy): a text with a scheme. `undefined`: it is asked without one, as this machine itself
 * always is.
 */
export function findProxy({ hostname, port }: URL, environment: NodeJS.ProcessEnv): string | undefined {
  const proxy = read(environment, 'HTTPS_PROXY');
  if (proxy === '') return undefined;
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (host === 'localhost' || isInRange(host, '127.0.0.0/8') || host === '::1') return undefined;
  const exempt = read(environment, 'NO_PROXY').split(',');
  if (exempt.some((entry) => isExempt(host, port || HTTPS_PORT, entry.trim().toLowerCase())))
    return undefined;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

/** The port of an https URL that names none. */
export const HTTPS_PORT = '443';

/** By its name in capitals or, where that is not set, in small letters. */
function read(environment: NodeJS.ProcessEnv, name: string): string {
  return (environment[name] || environment[name.toLowerCase()] || '').trim();
}

/** An entry of NO_PROXY: `*`, an address, a range of them, or a domain with what is below it; a port may follow. */
function isExempt(host: string, port: string, entry: string): boolean {
  if (entry === '') return false;
  if (entry === '*') return true;
  if (entry.includes('/')) return isInRange(host, entry);
  const [, named = entry, onlyPort = port] = /^(.*?):(\d+)$/.exec(isIP(entry) === 6 ? '' : entry) ?? [];
  if (onlyPort !== port) return false;
  const name = named.replace(/^\[|\]$/g, '').replace(/^\*(?=\.)/, '');
  if (name.startsWith('.')) return host.endsWith(name);
  return host === name || (isIP(host) === 0 && host.endsWith(`.${name}`));
}

function isInRange(host: string, range: string): boolean {
  const [network = '', length = ''] = range.split('/');
  const [family, bits] = [isIP(network), Number(length)];
  if (family === 0 || family !== isIP(host) || !/^\d+$/.test(length) || bits > (family === 4 ? 32 : 128))
    return false;
  const kind = family === 4 ? 'ipv4' : 'ipv6';
  const ranges = new BlockList();
  ranges.addSubnet(network, bits, kind);
  return ranges.check(host, kind);
}
