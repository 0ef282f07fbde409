/** Hosts of the world, each with an address of its own on loopback: the names are those of the docs. */
export const HOSTS = {
  'issuer.example.com': '127.0.0.2',
  /** Its issuer ends in a slash, as the one of NRP's page does. */
  'slash.example.com': '127.0.0.3',
  'storage.example.com': '127.0.0.4',
  'director.example.com': '127.0.0.5',
} as const;

/** One of `HOSTS`. */
export type Host = keyof typeof HOSTS;

/** As the quickstart spells it. */
export const ISSUER = 'https://issuer.example.com';

/** As NRP's page spells it. */
export const SLASH_ISSUER = 'https://slash.example.com/';

/** The hosts of both, as folders of the site and as servers. */
export const ISSUER_HOSTS = ['issuer.example.com', 'slash.example.com'] as const;

/** What is served below it belongs to the issuers, in XRootD's configuration; scopes are relative to it. */
export const BASE_PATH = '/vo';
