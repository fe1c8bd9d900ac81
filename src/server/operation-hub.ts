/** Wakes who waits for an operation: one LISTEN connection for the whole server, opened again when it breaks, a slow poll behind it. */
import pg from "pg";

/** Waiters look again at least this often, so that a lost notification costs time, not correctness. */
const POLL_MILLISECONDS = 2000;
const RECONNECT_MILLISECONDS = 500;

/** Watched instead of an id: wakes with every operation that changes. */
export const ANY_OPERATION = "*";

export interface Watch {
  /** Resolves at the next notification, or after `timeoutMilliseconds` (2 s at most), or at abort. One that came since the last call counts. */
  next(timeoutMilliseconds: number, signal?: AbortSignal): Promise<void>;
  close(): void;
}

/** Waiters of one process look again at the same moments: what they ask alike is then asked once. */
const untilNextLook = (): number => POLL_MILLISECONDS - (performance.now() % POLL_MILLISECONDS);

export interface OperationHub {
  /** Watches an operation id, ANY_OPERATION, the id of a session or API key whose end closes streams, or `webhook`. */
  watch(ids: readonly string[]): Watch;
  stop(): Promise<void>;
}

/** Starts listening in the background; watching works from the first moment, by poll until the connection stands. */
export function startOperationHub(connectionString: string): OperationHub {
  const watchers = new Map<string, Set<() => void>>();
  let stopped = false;
  let client: pg.Client | undefined;
  let retry: NodeJS.Timeout | undefined;

  const wake = (id: string) => {
    for (const notify of watchers.get(id) ?? []) notify();
  };
  const wakeAll = () => {
    for (const id of watchers.keys()) wake(id);
  };

  const connect = async (): Promise<void> => {
    const connection = new pg.Client({ connectionString, application_name: "onvera-hub", keepAlive: true });
    client = connection;
    const reconnect = () => {
      if (stopped || client !== connection) return;
      client = undefined;
      connection.end().catch(() => undefined);
      retry = setTimeout(connect, RECONNECT_MILLISECONDS);
      retry.unref();
    };
    connection.on("error", reconnect);
    connection.on("end", reconnect);
    connection.on("notification", ({ channel, payload }) => {
      if (payload) wake(payload);
      if (channel === "onvera_operation") wake(ANY_OPERATION);
    });
    try {
      await connection.connect();
      await connection.query("LISTEN onvera_operation; LISTEN onvera_access; LISTEN onvera_webhook");
      // What was announced while nobody listened is found by looking once more.
      wakeAll();
    } catch {
      reconnect();
    }
  };
  const connecting = connect();

  return {
    watch(ids) {
      let pending = false;
      let resume: (() => void) | undefined;
      const notify = () => {
        pending = true;
        resume?.();
      };
      for (const id of ids) {
        const set = watchers.get(id) ?? new Set();
        watchers.set(id, set.add(notify));
      }
      return {
        next: (timeoutMilliseconds, signal) =>
          new Promise<void>((resolve) => {
            const done = () => {
              clearTimeout(timer);
              signal?.removeEventListener("abort", done);
              resume = undefined;
              pending = false;
              resolve();
            };
            const timer = setTimeout(done, Math.max(0, Math.min(timeoutMilliseconds, untilNextLook())));
            resume = done;
            signal?.addEventListener("abort", done, { once: true });
            if (pending || signal?.aborted) done();
          }),
        close() {
          for (const id of ids) {
            const set = watchers.get(id);
            set?.delete(notify);
            if (set?.size === 0) watchers.delete(id);
          }
          resume?.();
        },
      };
    },

    async stop() {
      stopped = true;
      clearTimeout(retry);
      wakeAll();
      await connecting.catch(() => undefined);
      await client?.end().catch(() => undefined);
    },
  };
}
