/** A control plane without workers for HTTP tests: the real app on a real, empty database, with people and keys to call it as. */
import { randomBytes } from "node:crypto";
import { newId } from "../../src/domain/ids.ts";
import type { ProjectRole } from "../../src/domain/membership.ts";
import type { Role, Scope } from "../../src/domain/permissions.ts";
import { insertApiKey } from "../../src/server/services/api-keys.ts";
import { insertOrganization } from "../../src/server/services/organizations.ts";
import { ensureUser, hashPassword } from "../../src/server/services/users.ts";
import { openStore, type Store } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrate.ts";
import { type AssembledServer, type AssembleOptions, assembleServer } from "./assemble-server.ts";
import { type ScratchPostgres, startScratchPostgres } from "./postgres.ts";
import { scriptedRuntime } from "./scripted-runtime.ts";
import { finish } from "./worker-hand.ts";

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of any shape
  body: any;
}

export interface CallOptions {
  key?: string | undefined;
  token?: string;
  body?: unknown;
  /** Sent as it is, with this content type. */
  raw?: { text: string | Uint8Array<ArrayBuffer>; type: string };
  headers?: Record<string, string>;
  /** The answer may be a stream without an end: that it begins is all that is wanted of it. */
  stream?: boolean;
}

export interface TestServer extends AssembledServer {
  store: Store;
  connectionString: string;
  /** The same database as its server's superuser, for whom no rule holds. */
  superuserConnectionString: string;
  clusterId: string;
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  addOrganization(name?: string): Promise<{ organizationId: string; owner: string; ownerKey: string }>;
  addUser(options: {
    organizationId?: string;
    role?: Role;
    password?: string;
    isOperator?: boolean;
  }): Promise<{ userId: string; email: string }>;
  addKey(options: {
    organizationId: string;
    userId: string;
    scopes?: readonly Scope[];
    expiresAt?: Date;
  }): Promise<{ key: string; id: string }>;
  /** Makes a service account with a key, by the API. @param by key of an admin or owner */
  addServiceAccount(
    by: string,
    options: { role?: ProjectRole; scopes?: readonly Scope[] },
  ): Promise<{ id: string; key: string; keyId: string }>;
  /** Creates a deployment and, unless told otherwise, brings it to ready. */
  deploy(
    key: string,
    body?: Record<string, unknown>,
    options?: { ready?: boolean },
  ): Promise<{ id: string; operationId: string }>;
  close(): Promise<void>;
}

export const GATEWAY_PORT = 8080;

/**
 * Starts a server of its own for one test file.
 * @param asSeen gives the store as the server sees it; the test's own stays whole
 */
export async function startTestServer(
  options: Partial<AssembleOptions> = {},
  asSeen: (store: Store) => Store = (store) => store,
): Promise<TestServer> {
  const postgres = await startScratchPostgres();
  try {
    return await serverOn(postgres, options, asSeen);
  } catch (error) {
    await postgres.stop();
    throw error;
  }
}

async function serverOn(
  postgres: ScratchPostgres,
  options: Partial<AssembleOptions>,
  asSeen: (store: Store) => Store,
): Promise<TestServer> {
  const connectionString = await postgres.createControlDatabase();
  await migrate(connectionString);
  const store = openStore({ connectionString });
  const server = assembleServer({
    store: asSeen(store),
    masterKey: { id: "mk_test", key: randomBytes(32) },
    version: "0.0.0-test",
    singleOrganization: false,
    testApps: false,
    runtime: scriptedRuntime(),
    log: { debug: () => undefined, info: () => undefined, error: (fields, message) => console.error(message, fields) },
    ...options,
  });
  const clusterId = newId("cluster");
  await store.asPlatform((db) =>
    db
      .insertInto("clusters")
      .values({
        id: clusterId,
        kind: "local",
        name: "Test machine",
        domain: "localhost",
        node: "node-1",
        settings: JSON.stringify({ gateway_http_port: GATEWAY_PORT, gateway_https_port: 8443 }),
      })
      .execute(),
  );

  const addUser: TestServer["addUser"] = async ({ organizationId, role, password, isOperator }) => {
    const email = `${randomBytes(6).toString("hex")}@example.test`;
    const passwordHash = password === undefined ? undefined : await hashPassword(password);
    return store.asPlatform(async (db) => {
      const { id } = await ensureUser(db, {
        email,
        name: `User ${email.slice(0, 6)}`,
        passwordHash,
        isPlatformOperator: isOperator ?? false,
      });
      if (organizationId && role) {
        await db.insertInto("memberships").values({ organization_id: organizationId, user_id: id, role }).execute();
      }
      return { userId: id, email };
    });
  };
  const addKey: TestServer["addKey"] = async ({ organizationId, userId, scopes, expiresAt }) =>
    store.asPlatform(async (db) => {
      const { key, row } = await insertApiKey(db, {
        organizationId,
        userId,
        name: "test",
        scopes,
        expiresAt: expiresAt ?? null,
      });
      return { key, id: row.id };
    });

  const call: TestServer["call"] = async (method, path, { key, token, body, raw, headers = {}, stream } = {}) => {
    const all: Record<string, string> = { ...headers };
    if (key !== undefined) all["X-API-Key"] = key;
    if (token !== undefined) all.Authorization = `Bearer ${token}`;
    if (raw !== undefined) all["Content-Type"] = raw.type;
    else if (body !== undefined) all["Content-Type"] = "application/json";
    const content = raw?.text ?? (body === undefined ? undefined : JSON.stringify(body));
    const answer = await server.app.request(path, {
      method,
      headers: all,
      ...(content === undefined ? {} : { body: content }),
    });
    if (stream && answer.ok) {
      await answer.body?.cancel();
      return { status: answer.status, headers: answer.headers, body: "" };
    }
    const text = await answer.text();
    const isJson = /[/+]json/.test(answer.headers.get("content-type") ?? "");
    return { status: answer.status, headers: answer.headers, body: isJson && text !== "" ? JSON.parse(text) : text };
  };

  return {
    ...server,
    store,
    connectionString,
    superuserConnectionString: postgres.connectionString(new URL(connectionString).pathname.slice(1)),
    clusterId,
    addUser,
    addKey,
    call,
    async addServiceAccount(by, { role = "viewer", scopes }) {
      const name = `Account ${randomBytes(4).toString("hex")}`;
      const made = await call("POST", "/api/v1/service-accounts", { key: by, body: { name, role } });
      const { id } = made.body.data;
      const key = await call("POST", `/api/v1/service-accounts/${id}/keys`, {
        key: by,
        body: { name: "test", ...(scopes && { scopes: scopes.filter((scope) => !scope.startsWith("platform:")) }) },
      });
      return { id, key: key.body.data.key, keyId: key.body.data.id };
    },
    async deploy(key, body = {}, { ready = true } = {}) {
      const answer = await call("POST", "/api/v1/deployments", { key, body: { app_type: "superset", ...body } });
      if (answer.status !== 202) throw new Error(`The deployment was refused: ${JSON.stringify(answer.body)}`);
      const { deployment_id: id, operation_id: operationId } = answer.body.data;
      if (ready) await finish(store, operationId);
      return { id, operationId };
    },
    async addOrganization(name = `Org ${randomBytes(4).toString("hex")}`) {
      const { userId } = await addUser({});
      const { id } = await store.asPlatform((db) =>
        insertOrganization(
          db,
          { name, slug: randomBytes(6).toString("hex"), ownerId: userId },
          { singleOrganization: false },
        ),
      );
      const { key } = await addKey({ organizationId: id, userId });
      return { organizationId: id, owner: userId, ownerKey: key };
    },
    async close() {
      await server.stop();
      await store.close();
      await postgres.stop();
    },
  };
}
