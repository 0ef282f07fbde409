/** How many characters of a condition's message a line shows: a condition may hold 32,768. */
export const MAX_MESSAGE_LENGTH = 300;
