/** An organization with something in every page: deployments in each state, an operation under way, one that failed. */
import type { NewOperationEvent } from "../../src/automation/operations/event-log.ts";
import { appendSample, fine } from "../../src/store/metric-blocks.ts";
import type { DashboardSite } from "./dashboard-site.ts";
import { recordStack } from "./story-resources.ts";
import { append, begin, finish, progress } from "./worker-hand.ts";

const resource = (name: string, type: string, state: string): NewOperationEvent => ({
  type: "resource",
  data: {
    urn: `urn:pulumi:dep::onvera::${type}::${name}`,
    name,
    type,
    action: "create",
    state,
    ...(state === "done" && { duration_ms: 420 }),
  },
});

export interface Story {
  ready: { id: string; operationId: string };
  running: { id: string; operationId: string };
  failed: { id: string; operationId: string };
  destroyed: { id: string; operationId: string };
  planId: string;
  projectId: string;
  webhookId: string;
}

/** Writes the story; takes a few seconds. */
export async function tellStory({ server, ownerKey: key, runtime, organizationId }: DashboardSite): Promise<Story> {
  const { store } = server;
  const post = async (path: string, body: unknown) =>
    (await server.call("POST", path, { key, body })).body.data as { operation_id: string };
  const ready = await server.deploy(key, { name: "Sales numbers" });
  await recordStack(store, ready.id, organizationId);
  await server.deploy(key, { name: "Night jobs", app_type: "airflow", size: "medium" });
  for (const text of ["Starting gunicorn 23.0.0", "Listening at: http://127.0.0.1", "Booting worker with pid: 41"]) {
    runtime.write(ready.id, "web", text);
  }
  const plan = await post(`/api/v1/deployments/${ready.id}/plan`, { changes: { size: "medium" } });
  const urn = "urn:pulumi:dep::onvera::onvera:local:Process::web";
  const change = { op: "update", urn, type: "onvera:local:Process", name: "web", replace_keys: [], stateful: false };
  await finish(store, plan.operation_id, {
    result: { changes: [{ ...change, diff_keys: ["memoryMegabytes"] }], data_loss: [] },
  });
  const running = await server.deploy(key, { name: "Marketing" }, { ready: false });
  await begin(store, running.operationId);
  await progress(store, running.operationId, "initializing", "Initializing");
  await progress(store, running.operationId, "provisioning_db", "Provisioning database");
  await append(store, running.operationId, [
    resource("database", "postgresql:index:Database", "done"),
    resource("role", "postgresql:index:Role", "done"),
    resource("web", "onvera:local:Process", "running"),
  ]);
  const failed = await server.deploy(key, { name: "Warehouse" }, { ready: false });
  await begin(store, failed.operationId);
  await progress(store, failed.operationId, "initializing", "Initializing");
  await progress(store, failed.operationId, "provisioning_db", "Provisioning database");
  await progress(store, failed.operationId, "provisioning_infra", "Provisioning infrastructure");
  await progress(store, failed.operationId, "bootstrapping_app", "Bootstrapping application");
  await finish(store, failed.operationId, {
    error: {
      code: "BOOTSTRAP_FAILED",
      message: "A package could not be installed: no-such-driver.",
      cause: "user_config",
      retryable: false,
      owner: "customer",
      next_step: "Correct the name of the package and deploy again.",
      phase: "bootstrapping_app",
      last_log_lines: ["Resolving 1 package", "error: no-such-driver was not found"],
    },
  });
  const destroyed = await server.deploy(key, { name: "Old trial" });
  const gone = (await server.call("DELETE", `/api/v1/deployments/${destroyed.id}`, { key })).body.data;
  await finish(store, gone.operation_id, { receipt: receiptOf(destroyed.id) });
  await server.call("POST", "/api/v1/invitations", { key, body: { email: "grace@example.test", role: "developer" } });
  const projects = (await server.call("GET", "/api/v1/projects", { key })).body.data.items as { id: string }[];
  const hook = { url: "https://hooks.example.test/onvera", description: "Chat room" };
  const { id: webhookId } = (await server.call("POST", "/api/v1/webhooks", { key, body: hook })).body.data;
  await server.call("POST", `/api/v1/webhooks/${webhookId}/test`, { key });
  await keepFigures(server, ready.id);
  const projectId = projects[0]?.id ?? "";
  return { ready, running, failed, destroyed, planId: plan.operation_id, projectId, webhookId };
}

/** Ten minutes of figures. */
async function keepFigures({ store }: DashboardSite["server"], deploymentId: string): Promise<void> {
  for (let n = 40; n > 0; n--) {
    const wave = Math.sin(n / 5) + 1;
    const values = new Map([
      ["cpu_percent web 0", 20 * wave],
      ["memory_bytes web 0", 3e8 + 1e7 * wave],
      ["requests", Math.round(5 * wave)],
      ["errors", 0],
      ["latency_p95", 40 * wave],
    ]);
    const at = Date.now() - n * fine.seconds * 1000;
    await store.asPlatform((db) => appendSample(db, deploymentId, fine, { at, values }));
  }
}

/** What a worker writes when a destroy has been looked up. */
export const receiptOf = (deploymentId: string) => [
  {
    urn: `urn:pulumi:${deploymentId}::onvera::postgresql:index:Database::database`,
    type: "postgresql:index:Database",
    physical_id: `db_${deploymentId.slice(-8)}`,
    found: "absent" as const,
    looked_up_by: "name",
    detail: "not in the catalog",
  },
];
