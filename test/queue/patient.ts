/** For an urgency: the key never waits too long. */
export const PATIENT = { patientUntil: Number.POSITIVE_INFINITY };
