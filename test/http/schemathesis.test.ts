/** The OpenAPI document against the server it describes, with made-up requests: no 5xx, no answer the document does not name. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { declaredRoutes } from "../../src/server/contracts/registry.ts";
import { startTestServer, type TestServer } from "../support/http.ts";
import { ensureSchemathesis, fuzz } from "../support/schemathesis.ts";
import { scriptedRuntime } from "../support/scripted-runtime.ts";
import { finish } from "../support/worker-hand.ts";

const hooks = fileURLToPath(new URL("schemathesis/hooks.py", import.meta.url));
const POOL = 12;

let server: TestServer;
let folder: string;
let executable: string;
let key: string;

beforeAll(async () => {
  executable = await ensureSchemathesis();
  folder = await mkdtemp(path.join(os.tmpdir(), "onvera-fuzz-"));
  const told = scriptedRuntime();
  server = await startTestServer({
    limits: { perCaller: 1e9, perAddress: 1e9, failuresPerAddress: 1e9 },
    // A log that is followed has no end, and the fuzzer waits for one.
    runtime: { ...told, logs: (target, request) => told.logs(target, { ...request, follow: false }) },
  });
  const { organizationId } = await server.addOrganization();
  const { userId } = await server.addUser({
    organizationId,
    role: "owner",
    isOperator: true,
    password: "fuzz-password",
  });
  key = (await server.addKey({ organizationId, userId })).key;
});
afterAll(async () => {
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

/** What the hooks put into requests: ids that fit each operation, and one good body for each. */
async function facts(email: string) {
  const pools: Record<string, string[]> = {};
  const bodies: Record<string, unknown> = {
    createDeployment: { app_type: "superset", name: "fuzz SERIAL" },
    updateDeployment: { name: "renamed SERIAL" },
    planDeployment: { destroy: true },
    scaleDeployment: { replicas: { web: 2 } },
    runPulumi: { argv: ["refresh"] },
    createEnvironment: { name: "env SERIAL" },
    updateEnvironment: { name: "env renamed SERIAL" },
    createOrganization: { name: "org SERIAL" },
    createApiKey: { name: "key SERIAL" },
    login: { email, password: "fuzz-password" },
  };
  const one = async <T>(work: (n: number) => Promise<T>) =>
    Promise.all(Array.from({ length: POOL }, (_, n) => work(n)));
  const act = async (id: string, action: string) => {
    const { body } = await server.call("POST", `/api/v1/deployments/${id}/${action}`, { key });
    await finish(server.store, body.data.operation_id);
  };
  const dags = { app_type: "airflow", airflow: { dags: { url: "https://example.test/d.git" } } };
  const shared = await one(async () => server.deploy(key));
  for (const { operationId, path: address, method } of declaredRoutes) {
    if (address.includes("{deployment_id}")) {
      pools[operationId] = shared.map(({ id }) => id);
      if (method === "GET") continue;
      pools[operationId] = await one(async () => (await server.deploy(key, operationId === "syncDags" ? dags : {})).id);
      if (operationId === "startDeployment") for (const id of pools[operationId] ?? []) await act(id, "stop");
    }
    if (address.includes("{operation_id}")) pools[operationId] = shared.map((deployment) => deployment.operationId);
    if (address.includes("{environment_id}")) {
      pools[operationId] = await one(async (n) => {
        const body = { name: `pool ${operationId} ${n}` };
        return (await server.call("POST", "/api/v1/environments", { key, body })).body.data.id;
      });
    }
    if (address.includes("{api_key_id}")) {
      pools[operationId] = await one(async (n) => {
        const body = { name: `pool ${operationId} ${n}` };
        return (await server.call("POST", "/api/v1/api-keys", { key, body })).body.data.id;
      });
    }
  }
  const [gone] = await one(async () => {
    const { id } = await server.deploy(key);
    const { body } = await server.call("DELETE", `/api/v1/deployments/${id}`, { key });
    await finish(server.store, body.data.operation_id);
    return id;
  });
  pools.getDestroyReceipt = [gone ?? ""];
  const me = (await server.call("GET", "/api/v1/whoami", { key })).body.data;
  await server.store.asPlatform(async (db) => {
    for (const id of pools.getDeploymentCredentials ?? []) {
      const secret = { ownerId: id, organizationId: me.organization.id, name: "admin_password" };
      await server.deps.custody.ensure(db, secret, () => "x");
    }
  });
  pools.getOrganization = [me.organization.id];
  pools.getProject = [(await server.call("GET", "/api/v1/projects", { key })).body.data.items[0].id];
  pools.getCluster = [server.clusterId];
  const login = await server.call("POST", "/api/v1/auth/login", { body: bodies.login });
  bodies.refreshSession = { refresh_token: login.body.data.refresh_token };
  return { pools, bodies };
}

it("gives no 5xx and no undeclared answer, and every operation accepts at least one request", {
  timeout: 600_000,
}, async () => {
  const me = (await server.call("GET", "/api/v1/whoami", { key })).body.data;
  const factsFile = path.join(folder, "facts.json");
  await writeFile(factsFile, JSON.stringify(await facts(me.user.email)));
  const accepted = new Set<string>();
  const { port } = await server.listen({
    host: "127.0.0.1",
    port: 0,
    onAnswer: (request, status) => {
      if (status < 300) for (const name of operationsAt(request)) accepted.add(name);
    },
  });
  const url = `http://127.0.0.1:${port}`;
  const worker = finishWhatIsQueued();
  const result = await fuzz(
    executable,
    [
      "run",
      `${url}/api/v1/openapi.json`,
      "--url",
      url,
      "--header",
      `X-API-Key: ${key}`,
      "--checks",
      "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,unsupported_method,ignored_auth",
      "--phases",
      "examples,coverage,fuzzing",
      "--max-examples",
      "8",
      "--request-timeout",
      "30",
      "--seed",
      "1",
      "--continue-on-failure",
      "--no-color",
    ],
    {
      env: { SCHEMATHESIS_HOOKS: hooks, ONVERA_FUZZ_FACTS: factsFile, PYTHONDONTWRITEBYTECODE: "1" },
      cwd: folder,
      timeoutSeconds: 300,
    },
  );
  await worker.stop();
  expect(result.code, result.output.slice(-8000)).toBe(0);
  expect(declaredRoutes.map(({ operationId }) => operationId).filter((name) => !accepted.has(name))).toEqual([]);
});

/** A worker without an engine: what is accepted soon ends well, so that nobody waits for it. */
function finishWhatIsQueued(): { stop(): Promise<void> } {
  let stopped = false;
  const round = async () => {
    const queued = await server.store.asPlatform((db) =>
      db.selectFrom("operations").select("id").where("status", "=", "queued").limit(100).execute(),
    );
    // One may be canceled meanwhile; then there is nothing to finish.
    for (const { id } of queued) await finish(server.store, id).catch(() => undefined);
  };
  const running = (async () => {
    while (!stopped) {
      await round();
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  })();
  return {
    stop: () => {
      stopped = true;
      return running;
    },
  };
}

function operationsAt({ method, path: address }: { method: string; path: string }): string[] {
  return declaredRoutes
    .filter(
      (route) => route.method === method && new RegExp(`^${route.path.replace(/\{[^}]+\}/g, "[^/]+")}$`).test(address),
    )
    .map(({ operationId }) => operationId);
}
