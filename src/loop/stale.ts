/** What a round observed has changed meanwhile: another one follows soon. Only what goes on like that is reported. */
export class Stale extends Error {}

/** This process may not write at the moment: what was to be written was not sent. */
export class Unsent extends Stale {}
