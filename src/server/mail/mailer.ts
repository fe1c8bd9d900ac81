/** Sends what waits in the outbox, beside the requests: a server that is slow or away holds none of them up. */
import { setTimeout as sleep } from "node:timers/promises";
import type { DataKeys } from "../../store/crypto/data-keys.ts";
import type { Store } from "../../store/database.ts";
import type { ServerLog } from "../deps.ts";
import { claimMail, type DueMail, mailNotSent, mailSent, retryDelaysSeconds } from "./outbox.ts";
import { type MailSettings, openMailTransport } from "./transport.ts";

const LOOK_MILLISECONDS = 2000;

export interface MailerOptions {
  store: Store;
  dataKeys: DataKeys;
  log: ServerLog;
  settings: MailSettings;
  /** @default a day and a half of tries */
  delaysSeconds?: readonly number[];
  /** Between two looks into the outbox. */
  lookMilliseconds?: number;
}

/** Starts sending in the background. */
export function startMailer(options: MailerOptions): { stop(): Promise<void> } {
  const { store, dataKeys, log, settings, delaysSeconds = retryDelaysSeconds } = options;
  const transport = openMailTransport(settings);
  const stopping = new AbortController();

  const send = async (due: DueMail) => {
    try {
      await transport.send(due.recipient, due.mail);
      await store.asPlatform((db) => mailSent(db, due));
    } catch (error) {
      const code = error instanceof Error && "responseCode" in error ? Number(error.responseCode) : 0;
      const failure = { error: faultOf(error), isFinal: code >= 500, delaysSeconds };
      await store.asPlatform((db) => mailNotSent(db, due, failure));
      log.info({ mail_id: due.id, attempt: due.attempts, error: failure.error }, "A mail was not taken");
    }
  };
  const run = async () => {
    while (!stopping.signal.aborted) {
      const due = await store.asPlatform((db) => claimMail(db, dataKeys));
      if (due) await send(due);
      else await pause();
    }
  };
  const pause = () =>
    sleep(options.lookMilliseconds ?? LOOK_MILLISECONDS, undefined, { signal: stopping.signal }).catch(() => undefined);
  const running = (async () => {
    while (!stopping.signal.aborted) {
      await run().catch(async (err: unknown) => {
        log.info({ err }, "Mails wait for the database");
        await pause();
      });
    }
  })();

  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

/** The server's words, without the password that a URL in them may hold. */
const faultOf = (error: unknown): string =>
  (error instanceof Error ? error.message : "It could not be sent.").replace(/\/\/[^@\s]*@/g, "//").slice(0, 300);
