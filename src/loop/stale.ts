/** What a round goes by is not so any more: it is left, quietly, and another one follows soon. */
export class Stale extends Error {}
