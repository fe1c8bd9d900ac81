/** Has what is due for a sync of access queued: when a change is announced, and now and then. */
import type { Store } from "../../store/database.ts";
import { queueDueSyncs } from "../access/due-syncs.ts";
import type { WorkerLog } from "./operation-run.ts";

export interface AccessFeeder {
  /** A change was announced; what comes within a moment is one look, and each is looked for once it is due. */
  announced(): void;
  /** Looks now. */
  look(): void;
  /** Resolves when nothing is under way any more. */
  stop(): Promise<void>;
}

/** A mark falls due half a second after the change it tells of (migration 0021). */
const AFTER_CHANGE_MILLISECONDS = 600;

/** Makes a feeder for a worker of these capabilities. */
export function createAccessFeeder(deps: {
  store: Store;
  log: WorkerLog;
  capabilities: readonly string[];
  accepting(): boolean;
}): AccessFeeder {
  let timer: NodeJS.Timeout | undefined;
  let lastAnnounced = 0;
  let looking: Promise<void> | undefined;
  let again = false;
  let stopped = false;

  const look = () => {
    if (stopped || !deps.accepting()) return;
    if (looking !== undefined) {
      again = true;
      return;
    }
    looking = queueDueSyncs(deps.store, deps.capabilities)
      .then(
        (queued) => {
          if (queued.length > 0) deps.log.info({ syncs: queued.length }, "Syncs of access are due");
        },
        (error: unknown) => deps.log.warn({ error: String(error) }, "Due syncs of access could not be looked for"),
      )
      .finally(() => {
        looking = undefined;
        if (!again) return;
        again = false;
        look();
      });
  };
  const lookAfter = (milliseconds: number) => {
    timer = setTimeout(() => {
      timer = undefined;
      look();
      // What was announced meanwhile is not due yet; nobody else would look for it before the next poll.
      const rest = lastAnnounced + AFTER_CHANGE_MILLISECONDS - performance.now();
      if (rest > 0) lookAfter(rest);
    }, milliseconds);
  };
  return {
    look,
    announced() {
      if (stopped) return;
      lastAnnounced = performance.now();
      if (timer === undefined) lookAfter(AFTER_CHANGE_MILLISECONDS);
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await looking;
    },
  };
}
