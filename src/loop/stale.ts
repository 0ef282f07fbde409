/** What a round observed has changed meanwhile: the round ends without a report, and another one follows soon. */
export class Stale extends Error {}

/** This process may not write at the moment: what was to be written was not sent. */
export class Unsent extends Stale {}
