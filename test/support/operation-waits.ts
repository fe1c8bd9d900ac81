/** Waiting for what becomes of an operation. */
import { listen } from "../../src/automation/worker/notifications.ts";
import type { Store } from "../../src/store/database.ts";
import type { Operation } from "../../src/store/tables/operations.ts";

/** Waits on the operation's own notices. */
export function watchOperations(store: Store) {
  const waiting = new Map<string, Set<() => void>>();
  const notices = listen(store.connectionString, ["onvera_operation"], (_channel, payload) => {
    for (const [id, checks] of waiting)
      if (payload === undefined || payload === id) for (const check of checks) check();
  });
  const read = (id: string) =>
    store.asPlatform((db) => db.selectFrom("operations").selectAll().where("id", "=", id).executeTakeFirstOrThrow());
  return {
    close: () => notices.close(),
    until(id: string, holds: (operation: Operation) => boolean, timeoutSeconds = 120): Promise<Operation> {
      return new Promise((resolve, reject) => {
        const checks = waiting.get(id) ?? new Set();
        const settle = (act: () => void) => {
          clearTimeout(timer);
          checks.delete(check);
          act();
        };
        const check = () => {
          read(id).then(
            (operation) => holds(operation) && settle(() => resolve(operation)),
            (error) => settle(() => reject(error)),
          );
        };
        const timer = setTimeout(() => {
          read(id).then((now) => settle(() => reject(new Error(`Not in time: ${JSON.stringify(now)}`))), reject);
        }, timeoutSeconds * 1000);
        checks.add(check);
        waiting.set(id, checks);
        check();
      });
    },
  };
}
