/** The built dashboard, served by the real server on a real database; the worker is played by hand. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildDashboard } from "../../scripts/dashboard.mjs";
import type { Role } from "../../src/domain/permissions.ts";
import type { AssembleOptions } from "./assemble-server.ts";
import { startTestServer, type TestServer } from "./http.ts";
import { type ScriptedRuntime, scriptedRuntime } from "./scripted-runtime.ts";

const checkout = fileURLToPath(new URL("../..", import.meta.url));
const PASSWORD = "correct horse battery";

export interface Person {
  email: string;
  password: string;
  userId: string;
}

export interface DashboardSite {
  url: string;
  server: TestServer;
  runtime: ScriptedRuntime;
  organizationId: string;
  /** Of the organization's owner, for what a test prepares behind the page's back. */
  ownerKey: string;
  addPerson(name: string, role: Role, options?: { isOperator?: boolean }): Promise<Person>;
  close(): Promise<void>;
}

/** Builds what changed, and listens on a free port of this machine. */
export async function startDashboardSite(options: Pick<AssembleOptions, "signUp"> = {}): Promise<DashboardSite> {
  await buildDashboard(checkout);
  const runtime = scriptedRuntime();
  const server = await startTestServer({
    runtime,
    dashboardFolder: join(checkout, "dist", "web"),
    limits: { perAddress: 10_000, perCaller: 10_000 },
    ...options,
  });
  const { organizationId, ownerKey } = await server.addOrganization("Acme");
  const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
  return {
    url: `http://127.0.0.1:${port}`,
    server,
    runtime,
    organizationId,
    ownerKey,
    async addPerson(name, role, { isOperator = false } = {}) {
      const { userId } = await server.addUser({ organizationId, role, password: PASSWORD, isOperator });
      const email = `${name.toLowerCase()}-${userId.slice(-6)}@example.test`;
      await server.store.asPlatform((db) =>
        db.updateTable("users").set({ name, email }).where("id", "=", userId).execute(),
      );
      return { email, password: PASSWORD, userId };
    },
    close: () => server.close(),
  };
}
