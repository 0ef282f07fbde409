/**
 * Something outside this program is missing or failed: Go, the network, the disk, a port, a component.
 * `message` says what, where and how to fix it, for a terminal. Print it without the stack.
 */
export class ControlPlaneError extends Error {
  override readonly name = 'ControlPlaneError';
}
