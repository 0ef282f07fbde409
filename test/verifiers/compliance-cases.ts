/**
 * One request of a case. Paths are below the storage area; `DIR` is an existing folder that only this case
 * uses.
 */
export interface Step {
  readonly method: 'GET' | 'PUT' | 'DELETE' | 'MKCOL';
  readonly path: string;
  /** Scope of the token; default: `storage.read:/ storage.modify:/`. */
  readonly scope?: string;
  /** More claims, or other values than the defaults. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Statuses that the suite accepts. */
  readonly wants: readonly number[];
  /**
   * XRootD's answer if it differs. The answer must be equal for a token that was made without any code of
   * ours: then the server is the cause.
   */
  readonly misses?: Miss;
}

/** A difference between some version of a server and the suite. */
export interface Miss {
  readonly status: number;
  readonly why: string;
}

/** The suite's name for the endpoint of the storage: an audience that the storage must accept. */
export const STORAGE_AUDIENCE = 'https://storage.example.com:8443';

const WRITTEN = [200, 201];
const READ = 'storage.read:/';
const RANDOM = 'f4d6e3a0-5ad5-4a54-8f1e-c53d1c64a3b1';

const MAKE_FILE: Step = { method: 'PUT', path: 'DIR/file', wants: WRITTEN };
const MAKE_FOLDER: Step = { method: 'MKCOL', path: 'DIR/foobar', wants: WRITTEN };
const MAKE_FILE_IN_FOLDER: Step = { method: 'PUT', path: 'DIR/foobar/file', wants: WRITTEN };
const readInFolder = (scope: string, status: number, misses?: Miss): Step => ({
  method: 'GET',
  path: 'DIR/foobar/file',
  scope,
  wants: [status],
  ...(misses === undefined ? {} : { misses }),
});
const readFor = (aud: readonly string[], wants: readonly number[], misses?: Miss): Step => ({
  method: 'GET',
  path: 'DIR/none',
  scope: READ,
  claims: { aud },
  wants,
  ...(misses === undefined ? {} : { misses }),
});
/** A token with groups, and no scope of storage. */
const asGroup = (group: string, step: Step): Step => ({
  ...step,
  scope: `wlcg.groups:${group}`,
  claims: { 'wlcg.groups': group === '/wlcg' ? ['/wlcg'] : ['/wlcg', group] },
});

const NO_401: Miss = {
  status: 403,
  why: 'XRootD has no 401: it answers 403 to every token that it does not take',
};
/** Seen in 0.7.3; 1.4.1 refuses it. */
const PREFIX = 'scitokens-cpp compares paths as texts, so that /foo allows /foobar';
const PREFIX_READ: Miss = { status: 200, why: PREFIX };
const SAME_WITHOUT_SLASH: Miss = {
  status: 200,
  why: 'a path means the folder with or without a slash at its end; another case of the suite wants that',
};

/**
 * The cases of the WLCG JWT compliance test suite (github.com/indigo-iam/wlcg-jwt-compliance-tests, commit
 * 83827d4): which token allows what. No case of its tpc.robot is in use.
 */
export const COMPLIANCE_CASES: Readonly<Record<string, readonly Step[]>> = {
  // audience.robot
  'audience of another service, permissive': [readFor([RANDOM], [401, 403, 404])],
  'audience of another service, strict': [readFor([RANDOM], [401], NO_401)],
  'audience of the storage': [readFor([STORAGE_AUDIENCE], [404])],
  'audience of the storage and of another service': [readFor([STORAGE_AUDIENCE, RANDOM], [404])],
  'audience of two others, permissive': [readFor(['https://fake.example.com', RANDOM], [401, 403, 404])],
  'audience of two others, strict': [readFor(['https://fake.example.com', RANDOM], [401], NO_401)],
  // basic_authz.robot
  'no right, reading': [{ method: 'GET', path: 'DIR/none', scope: 'openid', wants: [403] }],
  'no right, writing': [{ ...MAKE_FILE, scope: 'openid', wants: [403] }],
  'group of the VO, reading': [asGroup('/wlcg', { method: 'GET', path: 'DIR/none', wants: [404] })],
  'group of the VO, writing': [asGroup('/wlcg', MAKE_FILE)],
  'storage.modify, writing': [MAKE_FILE],
  'storage.modify, deleting': [MAKE_FILE, { method: 'DELETE', path: 'DIR/file', wants: [200, 204] }],
  'storage.modify, making a folder': [MAKE_FOLDER],
  'storage.read, reading': [{ method: 'GET', path: 'DIR/none', scope: READ, wants: [404] }],
  'storage.read, writing': [{ ...MAKE_FILE, scope: READ, wants: [403] }],
  'storage.modify, reading': [
    MAKE_FILE,
    { method: 'GET', path: 'DIR/file', scope: 'storage.modify:/', wants: [403] },
  ],
  'storage.create, reading': [
    MAKE_FILE,
    { method: 'GET', path: 'DIR/file', scope: 'storage.create:/', wants: [403] },
  ],
  'storage.create, overwriting': [MAKE_FILE, { ...MAKE_FILE, scope: 'storage.create:/', wants: [403] }],
  'storage.create, deleting': [
    MAKE_FILE,
    { method: 'DELETE', path: 'DIR/file', scope: 'storage.create:/', wants: [403] },
  ],
  'group of the VO, protected folder': [
    asGroup('/wlcg', { method: 'GET', path: 'protected/DIR-file', wants: [404] }),
    asGroup('/wlcg', { method: 'PUT', path: 'protected/DIR-file', wants: [403] }),
  ],
  'group of testers, protected folder': [
    asGroup('/wlcg/test', { method: 'GET', path: 'protected/DIR-file', wants: [404] }),
    asGroup('/wlcg/test', { method: 'PUT', path: 'protected/DIR-file', wants: WRITTEN }),
    asGroup('/wlcg/test', { method: 'DELETE', path: 'protected/DIR-file', wants: [200, 204] }),
  ],
  // path_enforced_authz.robot
  'path of storage.read': [
    { method: 'GET', path: 'elsewhere/none', scope: 'storage.read:/DIR', wants: [403] },
    { method: 'GET', path: 'DIR/none', scope: 'storage.read:/DIR', wants: [404] },
  ],
  'path of storage.modify': [
    { method: 'PUT', path: 'elsewhere/file', scope: 'storage.modify:/DIR', wants: [403] },
    { ...MAKE_FILE, scope: 'storage.modify:/DIR' },
  ],
  'path of a folder, reading in it': [
    MAKE_FOLDER,
    MAKE_FILE_IN_FOLDER,
    readInFolder('storage.read:/DIR/foobar', 200),
  ],
  'path that is the beginning of a name, reading': [
    MAKE_FOLDER,
    MAKE_FILE_IN_FOLDER,
    readInFolder('storage.read:/DIR/foo', 403, PREFIX_READ),
  ],
  'path of a folder, making one in it': [
    MAKE_FOLDER,
    { method: 'MKCOL', path: 'DIR/foobar/more', scope: 'storage.create:/DIR/foobar', wants: WRITTEN },
  ],
  'path that is the beginning of a name, making a folder': [
    MAKE_FOLDER,
    {
      method: 'MKCOL',
      path: 'DIR/foobar/more',
      scope: 'storage.create:/DIR/fooba',
      wants: [403],
      misses: { status: 201, why: PREFIX },
    },
  ],
  'path of another folder': [
    MAKE_FOLDER,
    MAKE_FILE_IN_FOLDER,
    readInFolder('storage.read:/foobar', 403),
    readInFolder('storage.read:/foo', 403),
  ],
  'path with a slash at its end': [
    MAKE_FOLDER,
    MAKE_FILE_IN_FOLDER,
    readInFolder('storage.read:/DIR/foobar/', 200),
    readInFolder('storage.read:/DIR/foo/', 403, PREFIX_READ),
    readInFolder('storage.read:/DIR/foobar', 403, SAME_WITHOUT_SLASH),
  ],
};
