/** Listens for NOTIFY on a connection of its own; a hint only, a slow poll stands behind it. */
import pg from "pg";

export interface Notifications {
  close(): Promise<void>;
}

const RECONNECT_MILLISECONDS = 1000;

/**
 * Listens until closed, reconnecting for as long as it takes.
 * @param onNotice called for each notice, and once with no payload after each (re)connect: something may have been missed
 */
export function listen(
  connectionString: string,
  channels: readonly string[],
  onNotice: (channel: string, payload: string | undefined) => void,
): Notifications {
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const connect = async () => {
    const next = new pg.Client({ connectionString, application_name: "onvera-worker-listen", keepAlive: true });
    client = next;
    const again = () => {
      if (closed || client !== next) return;
      client = undefined;
      next.end().catch(() => undefined);
      timer = setTimeout(() => void connect(), RECONNECT_MILLISECONDS);
    };
    next.on("error", again);
    next.on("end", again);
    next.on("notification", ({ channel, payload }) => onNotice(channel, payload));
    try {
      await next.connect();
      for (const channel of channels) await next.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
      for (const channel of channels) onNotice(channel, undefined);
    } catch {
      again();
    }
  };
  void connect();

  return {
    async close() {
      closed = true;
      clearTimeout(timer);
      await client?.end().catch(() => undefined);
    },
  };
}
