/** An API resource: the core group is `''`. */
export interface Resource {
  readonly group: string;
  readonly version: string;
  /** Plural, as in the path. */
  readonly plural: string;
}

/** The object, collection or subresource that a request is about. */
export interface RequestTarget {
  readonly resource: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
}

/** Path of a collection (without `name`), an object or a subresource; every part is escaped. */
export function resourcePath(resource: Resource, target: Omit<RequestTarget, 'resource'> = {}): string {
  const { group, version, plural } = resource;
  const { namespace, name, subresource } = target;
  const parts = group === '' ? ['api', version] : ['apis', group, version];
  if (namespace !== undefined) parts.push('namespaces', namespace);
  parts.push(plural);
  if (name !== undefined) parts.push(name);
  if (name !== undefined && subresource !== undefined) parts.push(subresource);
  return `/${parts.map(escapePart).join('/')}`;
}

/** Nothing that a user may name leads to another path, `..` included. */
function escapePart(part: string): string {
  return /^\.\.?$/.test(part) ? part.replaceAll('.', '%2E') : encodeURIComponent(part);
}

/** Reads a path as `resourcePath` makes them; of any other path the whole is the resource. */
export function parseResourcePath(path: string): RequestTarget {
  const parts = path.split('/').slice(1).map(unescapePart);
  const start = parts[0] === 'api' ? 2 : parts[0] === 'apis' ? 3 : undefined;
  const [first, second, third, ...rest] = start === undefined ? [] : parts.slice(start);
  if (first === undefined || first === '') return { resource: path };
  // `/api/v1/namespaces/x` is the Namespace x, `/api/v1/namespaces/x/secrets` are the Secrets in it.
  if (first === 'namespaces' && second !== undefined && third !== undefined && third !== 'status') {
    return named(third, rest, second);
  }
  return named(first, second === undefined ? [] : [second, ...(third === undefined ? [] : [third])]);
}

function named(resource: string, [name, subresource]: readonly string[], namespace?: string): RequestTarget {
  return {
    resource,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(subresource === undefined ? {} : { subresource }),
  };
}

function unescapePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
