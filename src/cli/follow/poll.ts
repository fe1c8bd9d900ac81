/** Asks for an operation again and again: every two seconds at most, sooner when something changed. */
import { isTerminal } from "../../domain/operation.ts";
import { type Api, UnreachableError } from "../api/client.ts";
import type { Operation } from "../api/contract.ts";
import { ApiError } from "../api/problem.ts";

export const POLL_SECONDS = 2;
const PAUSE_AFTER_CHANGE_MILLISECONDS = 50;
/** A control plane that restarts is back well within this; after it, the watch gives up (the work does not). */
const LONGEST_SILENCE_MILLISECONDS = 120_000;

export interface PollOptions {
  api: Api;
  operationId: string;
  signal: AbortSignal;
  onChange(operation: Operation): void;
  /** Told once when the service stops answering, and once when it is back. */
  onSilence(isSilent: boolean): void;
}

/** Reads it once, waiting for a service that is away. @throws as `pollOperation` */
export const readOnce = (options: PollOptions): Promise<Operation> =>
  poll({ ...options, onChange: () => undefined }, undefined, () => true);

/**
 * Polls until the operation is terminal.
 * @param known what was read before; the first change is told from there
 * @throws ApiError when it is refused, UnreachableError after two minutes of silence, and the signal's reason when aborted
 */
export const pollOperation = (options: PollOptions, known?: Operation): Promise<Operation> =>
  poll(options, known, ({ status }) => isTerminal(status));

async function poll(
  { api, operationId, signal, onChange, onSilence }: PollOptions,
  known: Operation | undefined,
  isEnough: (operation: Operation) => boolean,
): Promise<Operation> {
  let silentSince: number | undefined;
  let last = known === undefined ? "" : fingerprintOf(known);
  // Right after a change the present state is asked for first: the next change may have come meanwhile.
  let changed = known !== undefined;
  for (;;) {
    const askedAt = Date.now();
    const waits: boolean = last !== "" && !changed;
    try {
      const operation: Operation = await api.call("getOperation", {
        path: { operation_id: operationId },
        query: waits ? { wait: `${POLL_SECONDS}s` } : {},
        signal,
      });
      if (silentSince !== undefined) onSilence(false);
      silentSince = undefined;
      changed = fingerprintOf(operation) !== last;
      last = fingerprintOf(operation);
      if (changed) onChange(operation);
      if (isEnough(operation)) return operation;
      // A service that does not know `wait` answers at once; it is asked every two seconds all the same.
      if (changed) await pause(PAUSE_AFTER_CHANGE_MILLISECONDS, signal);
      else if (waits) await pause(POLL_SECONDS * 1000 - (Date.now() - askedAt), signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!isPassing(error)) throw error;
      if (silentSince === undefined) onSilence(true);
      silentSince ??= askedAt;
      if (Date.now() - silentSince > LONGEST_SILENCE_MILLISECONDS) throw error;
      await pause(POLL_SECONDS * 1000 - (Date.now() - askedAt), signal);
    }
  }
}

const fingerprintOf = ({ status, progress, queue_position, waits_for }: Operation): string =>
  JSON.stringify([status, progress, queue_position, waits_for]);

/** Whether the failure may pass by itself while the operation goes on. */
export const isPassing = (error: unknown): boolean =>
  error instanceof UnreachableError || (error instanceof ApiError && (error.status >= 500 || error.status === 429));

/** @throws the signal's reason when it aborts meanwhile */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(
      () => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      },
      Math.max(0, milliseconds),
    );
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
