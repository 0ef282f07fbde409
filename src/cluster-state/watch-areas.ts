import type { Logger } from 'pino';
import type { KubeClient } from '../kube/client.ts';
import { startListWatch, type ListWatch } from '../kube/watch/list-watch.ts';
import { resourcePath } from '../kube/resource-path.ts';
import { MANAGED_LABEL } from '../resources/names.ts';
import type { WatchReading } from '../telemetry/state-gauges.ts';
import { systemClock } from '../time/clock.ts';
import type { Caches } from './caches.ts';
import { JWTS, SECRETS } from '../kube/known-resources.ts';

/** The watches of one namespace, or of all (`undefined`). */
interface Area {
  readonly namespace: string | undefined;
  readonly watches: readonly { readonly resource: string; readonly watch: ListWatch }[];
  /** True when all of them have listed; false if they were stopped before. */
  readonly listed: Promise<boolean>;
}

/** The watches of all areas; they go on until stopped. */
export interface WatchedAreas {
  /** Whether everything in the namespace is known. */
  isListed(namespace: string): boolean;
  /**
   * True once everything was listed; a namespace of several that cannot be listed is not waited for: its JWTs come when
   * it can. False if it was stopped before.
   */
  readonly synced: Promise<boolean>;
  watches(): Iterable<WatchReading>;
  stop(): Promise<void>;
}

interface AreaOptions {
  readonly client: KubeClient;
  readonly log: Logger;
  readonly caches: Caches;
  /** Each is watched by itself, so that Roles suffice; `undefined`: all together. */
  readonly namespaces: readonly string[] | undefined;
  /** Called once for each area, when all of it is known. */
  readonly onListed: (namespace: string | undefined) => void;
}

/** Fills the caches and keeps them up to date. */
export function watchAreas({ client, log, caches, namespaces, onListed }: AreaOptions): WatchedAreas {
  const areas = (namespaces ?? [undefined]).map((namespace) => watchArea(client, log, caches, namespace));
  const unlisted = new Set(areas);
  const admit = async (area: Area): Promise<void> => {
    if (!(await area.listed)) return;
    unlisted.delete(area);
    onListed(area.namespace);
  };
  for (const area of areas) void admit(area);
  let isStopped = false;
  const watches = areas.flatMap((area) => area.watches);
  return {
    isListed: (namespace) => {
      for (const area of unlisted) if (includes(area, namespace)) return false;
      return true;
    },
    synced: waitForAreas(areas).then((isAnyListed) => isAnyListed && !isStopped),
    watches: () => watches.map(({ resource, watch }) => ({ resource, lastEventAt: watch.lastEventAt() })),
    stop: async () => {
      isStopped = true;
      await Promise.all(watches.map(({ watch }) => watch.stop()));
    },
  };
}

function includes(area: Pick<Area, 'namespace'>, namespace: string): boolean {
  return area.namespace === undefined || area.namespace === namespace;
}

/**
 * Secrets are watched twice: those with our label, of whose data is kept what judging a JWT's token takes; all others by
 * their metadata alone.
 */
function watchArea(
  client: KubeClient,
  log: Logger,
  { jwts, labelled, unlabelled }: Caches,
  namespace: string | undefined,
): Area {
  const place = namespace === undefined ? {} : { namespace };
  const common = { client, clock: systemClock, log };
  const secrets = { ...common, path: resourcePath(SECRETS, place) };
  const jwtWatch = startListWatch({
    ...common,
    path: resourcePath(JWTS, place),
    store: jwts.cache,
    transform: jwts.parse,
  });
  const labelledWatch = startListWatch({
    ...secrets,
    query: { labelSelector: `${MANAGED_LABEL}=true` },
    store: labelled.cache,
    transform: (secret) => labelled.parse(secret),
    needsManagedFields: true,
    after: jwtWatch.synced,
  });
  const unlabelledWatch = startListWatch({
    ...secrets,
    query: { labelSelector: `${MANAGED_LABEL}!=true` },
    metadataOnly: true,
    store: unlabelled.cache,
    transform: unlabelled.parse,
  });
  const watches = [
    { resource: 'jwts', watch: jwtWatch },
    { resource: 'tokens', watch: labelledWatch },
    { resource: 'secrets', watch: unlabelledWatch },
  ];
  const listed = Promise.all(watches.map(({ watch }) => watch.synced)).then((each) => each.every(Boolean));
  return { namespace, watches, listed };
}

/** True when none is waited for any more and one at least has listed; false if none has when they are stopped. */
async function waitForAreas(areas: readonly Area[]): Promise<boolean> {
  const failed = ({ watches }: Area): Promise<void> => Promise.race(watches.map(({ watch }) => watch.failed));
  await Promise.all(areas.map((area) => Promise.race([area.listed, failed(area)])));
  return Promise.race(areas.map(({ listed }) => listed));
}
