import type { ControlPlane } from '../controlplane/control-plane.ts';

/** What an attack has access to. It is sent to a worker thread: plain data only. */
export interface Target {
  /** Port of HTTPS on loopback. */
  readonly webhookPort: number;
  /** Port of plain HTTP on loopback, for probes and metrics. */
  readonly httpPort: number;
  /** The API server, with the rights of a ServiceAccount that has `edit` in `namespace` and nothing else. */
  readonly api: Pick<ControlPlane, 'adminKubeconfig' | 'url' | 'ca'>;
  /** Used by this attack only. */
  readonly namespace: string;
  /** No other attack runs at the same time, which could use up the limits of the service. */
  readonly isAlone: boolean;
  /** Share of the full numbers, above 0 and at most 1; smaller in the short form. */
  readonly scale: number;
}

/**
 * The position of an attacker: at the port without any right, or at the API server with `edit` in one
 * namespace.
 */
export type Position = 'port' | 'pods' | 'jwts' | 'secrets';

/** Requests that are the most expensive for the service, from one client. */
export interface Attack {
  /** For --only and as the key in the JSON: words in kebab case. */
  readonly name: string;
  /** A description of the requests. */
  readonly title: string;
  readonly from: Position;
  /** Left out of the short form: it takes long, or another attack of its kind is part of it. */
  readonly fullOnly?: true | undefined;
  /**
   * The service's own webhook refuses some of the objects: the attack is run once more while the service is
   * down, before it starts again.
   */
  readonly isRefused?: true | undefined;
  /**
   * Sends the requests and resolves to a description of the answers. Ends by itself within a minute. A
   * refusal is an answer, too: it rejects only if nothing could be sent. Calls `reached` for each part that
   * got to the code that it is meant for, and was not refused earlier: an attack that never calls it shows
   * nothing.
   */
  readonly run: (target: Target, reached: () => void) => Promise<string>;
}

/** This share of a full number, at least one. */
export function scaled(count: number, { scale }: Pick<Target, 'scale'>): number {
  return Math.max(1, Math.round(count * scale));
}
