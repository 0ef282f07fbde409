import { BlockList, isIP } from 'node:net';
import { domainToASCII } from 'node:url';

/**
 * The proxy for https URLs of a host, by HTTPS_PROXY and NO_PROXY as kubectl and other programs in Go read them
 * (golang.org/x/net/http/httpproxy): a text with a scheme. `undefined`: it is asked without one, as this machine itself
 * always is. Node's own `proxyEnv`, undici's EnvHttpProxyAgent and proxy-from-env would do it by other rules: none of them knows
 * a range such as 10.0.0.0/8, by which clusters are exempt.
 */
export function findProxy({ hostname, port }: URL, environment: NodeJS.ProcessEnv): string | undefined {
  const proxy = read(environment, 'HTTPS_PROXY');
  if (proxy === '') return undefined;
  const host = withoutBrackets(hostname).toLowerCase();
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

/**
 * An entry of NO_PROXY: `*`, a range of addresses, an address, or a domain with its subdomains. An address or a
 * domain can have a port.
 */
function isExempt(host: string, port: string, entry: string): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return isInRange(host, entry);
  const [, named = entry, onlyPort = port] = /^(.*?):(\d+)$/.exec(isIP(entry) === 6 ? '' : entry) ?? [];
  if (onlyPort !== port) return false;
  const name = withoutBrackets(named);
  return isIP(name) === 0 ? isInDomain(host, name) : isInRange(host, `${name}/${BITS[familyOf(name)]}`);
}

/** `name`: `example.org`; what is below it alone: `.example.org` or `*.example.org`. URLs have their hosts in ASCII. */
function isInDomain(host: string, name: string): boolean {
  const domain = name.replace(/^\*?\./, '');
  const ascii = domainToASCII(domain);
  if (ascii === '' || isIP(host) !== 0) return false;
  return host.endsWith(`.${ascii}`) || (domain === name && host === ascii);
}

/** Addresses of IPv4 in the form of IPv6, such as ::ffff:10.0.0.1, are in ranges of IPv4, as BlockList has it. */
function isInRange(host: string, range: string): boolean {
  const [network = '', length = ''] = range.split('/');
  if (isIP(host) === 0 || isIP(network) === 0 || !/^\d+$/.test(length)) return false;
  const [kind, bits] = [familyOf(network), Number(length)];
  if (bits > BITS[kind] || (kind === 'ipv6' && familyOf(host) === 'ipv4')) return false;
  const ranges = new BlockList();
  ranges.addSubnet(network, bits, kind);
  return ranges.check(host, familyOf(host));
}

/** The length of an address. */
const BITS = { ipv4: 32, ipv6: 128 } as const;

function familyOf(address: string): keyof typeof BITS {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6';
}

/** An address of IPv6 stands in brackets in a URL, and nowhere else. */
export function withoutBrackets(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}
