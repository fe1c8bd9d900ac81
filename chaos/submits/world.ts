/** What the submits go to: two API servers and a worker on one database, as in an installation of several machines. */
import { newId } from "../../src/domain/ids.ts";
import { insertApiKey } from "../../src/server/services/api-keys.ts";
import { ensureUser } from "../../src/server/services/users.ts";
import { assembleServer } from "../../test/support/assemble-server.ts";
import { type ControlPlane, startControlPlane } from "../../test/support/control-plane.ts";
import { startScratchPostgres } from "../../test/support/postgres.ts";

export interface Call {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  path: string;
  body?: unknown;
  idempotencyKey?: string;
}

export interface CallAnswer {
  status: number;
  /** The `data` of a success, the `error` of a refusal. */
  // biome-ignore lint/suspicious/noExplicitAny: answers of any route
  body: any;
  sentAt: number;
  answeredAt: number;
}

export interface SubmitsWorld {
  plane: ControlPlane;
  /** Sends one request to one of the servers. @param server which one, counted around */
  call(server: number, call: Call): Promise<CallAnswer>;
  stop(): Promise<void>;
}

const SERVERS = 2;
const UNLIMITED = { perCaller: 1_000_000, failuresPerAddress: 1_000_000 };

/** Starts all of it; callers are the owner of one organization. */
export async function startSubmitsWorld(): Promise<SubmitsWorld> {
  const postgres = await startScratchPostgres({ maxConnections: 200 });
  const plane = await startControlPlane(postgres, { warmRunners: 2 });
  await plane.startWorker({ slots: 2 });
  const key = await ownerKey(plane);
  const servers = Array.from({ length: SERVERS }, () =>
    assembleServer({
      store: plane.store,
      masterKey: plane.masterKey,
      version: "0.0.0-test",
      singleOrganization: false,
      testApps: true,
      limits: UNLIMITED,
      log: {
        debug: () => undefined,
        info: () => undefined,
        error: (fields, message) => console.error(message, fields),
      },
    }),
  );
  const ports = await Promise.all(servers.map((server) => server.listen({ host: "127.0.0.1", port: 0 })));
  return {
    plane,
    async call(server, { method, path, body, idempotencyKey }) {
      const sentAt = Date.now();
      const answer = await fetch(`http://127.0.0.1:${ports[server % SERVERS]?.port}${path}`, {
        method,
        headers: {
          "X-API-Key": key,
          ...(body === undefined ? {} : { "Content-Type": "application/json" }),
          ...(idempotencyKey === undefined ? {} : { "Idempotency-Key": idempotencyKey }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const content = (await answer.json()) as { data?: unknown; error?: unknown };
      return { status: answer.status, body: content.data ?? content.error, sentAt, answeredAt: Date.now() };
    },
    async stop() {
      await Promise.all(servers.map((server) => server.stop()));
      await plane.stop();
      await postgres.stop();
    },
  };
}

async function ownerKey({ store, place }: ControlPlane): Promise<string> {
  return store.asPlatform(async (db) => {
    const user = await ensureUser(db, {
      email: `${newId("user")}@example.test`,
      name: "Submitter",
      passwordHash: undefined,
      isPlatformOperator: false,
    });
    await db
      .insertInto("memberships")
      .values({ organization_id: place.organizationId, user_id: user.id, role: "owner" })
      .execute();
    const { key } = await insertApiKey(db, {
      organizationId: place.organizationId,
      userId: user.id,
      name: "submits",
      scopes: undefined,
      expiresAt: null,
    });
    return key;
  });
}
