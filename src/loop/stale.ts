/** What a round observed has changed meanwhile: the round ends without a report, and another one follows soon. */
export class Stale extends Error {}
