/** For an urgency: the key never waits for long. */
export const PATIENT = { since: Number.POSITIVE_INFINITY, patientUntil: Number.POSITIVE_INFINITY };
