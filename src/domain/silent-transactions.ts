/**
 * How long a session may stand still inside a transaction before the server ends it. Its locks are held for as long: a
 * worker that sleeps, or whose host is cut off, would otherwise keep everybody from taking its operations over. Shorter
 * than a lease, and far longer than anything of ours does between two statements.
 */
export const SILENT_TRANSACTION_MILLISECONDS = 15_000;
