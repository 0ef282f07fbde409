/** Hosts of the world, each with an address of its own on loopback. The names are those of the docs. */
export const HOSTS = {
  'issuer.example.com': '127.0.0.2',
  /** Its issuer ends in a slash, like that of NRP's page. */
  'slash.example.com': '127.0.0.3',
  'storage.example.com': '127.0.0.4',
  'director.example.com': '127.0.0.5',
} as const;

/** One of `HOSTS`. */
export type Host = keyof typeof HOSTS;

/** The spelling of the quickstart. */
export const ISSUER = 'https://issuer.example.com';

/** The spelling of NRP's page. */
export const SLASH_ISSUER = 'https://slash.example.com/';

/** Hosts of both issuers: folders of the site, and names of servers. */
export const ISSUER_HOSTS = ['issuer.example.com', 'slash.example.com'] as const;

/** The path that belongs to the issuers in XRootD's configuration; scopes are relative to it. */
export const BASE_PATH = '/vo';
