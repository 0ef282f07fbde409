/**
 * The observed state of a round has changed meanwhile: another round follows soon. It is reported only if it goes on like that.
 */
export class Stale extends Error {}

/** This process may not write at the moment: what was to be written was not sent. */
export class Unsent extends Stale {}
