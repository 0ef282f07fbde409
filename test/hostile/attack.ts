import type { ControlPlane } from '../controlplane/control-plane.ts';

/** What an attack may reach. Crosses into a worker thread: plain data only. */
export interface Target {
  /** HTTPS on loopback. */
  readonly webhookPort: number;
  /** Plain HTTP on loopback: probes and metrics. */
  readonly httpPort: number;
  /** The API server, as a ServiceAccount that has `edit` in `namespace` and nothing else. */
  readonly api: Pick<ControlPlane, 'adminKubeconfig' | 'url' | 'ca'>;
  /** Belongs to this attack alone. */
  readonly namespace: string;
  /** No other attack is under way, of which the service could have too much. */
  readonly isAlone: boolean;
  /** Share of the full numbers, above 0 and at most 1; the short form takes less. */
  readonly scale: number;
}

/** Where an attacker stands: at the port without any right, or at the API server with `edit` in one namespace. */
export type Position = 'port' | 'pods' | 'jwts' | 'secrets';

/** The worst that one client can send. */
export interface Attack {
  /** For --only and as the key in the JSON: kebab-case words. */
  readonly name: string;
  /** What is sent, in words. */
  readonly title: string;
  readonly from: Position;
  /** Left out of the short form: it is long, or another stands for its kind. */
  readonly fullOnly?: true | undefined;
  /** The service's own webhook refuses a part of it: it is made once more while the service is down, before a new start. */
  readonly isRefused?: true | undefined;
  /**
   * Sends it and resolves to what came back, in words. Ends by itself within a minute. Every refusal is an answer, so it
   * rejects only when it could not be sent. Calls `reached` for each part that met what it is meant for, and was not turned
   * away before: an attack that never calls it shows nothing.
   */
  readonly run: (target: Target, reached: () => void) => Promise<string>;
}

/** That share of a full number, at least one. */
export function scaled(count: number, { scale }: Pick<Target, 'scale'>): number {
  return Math.max(1, Math.round(count * scale));
}
