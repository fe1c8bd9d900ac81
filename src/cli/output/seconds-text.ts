/** A length of time in seconds for a table; empty where it is not known. */
export const secondsText = (seconds: number | null): string => (seconds === null ? "" : `${seconds.toFixed(1)} s`);
