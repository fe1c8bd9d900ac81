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
import { fuzzFacts } from "./schemathesis/facts.ts";

const hooks = fileURLToPath(new URL("schemathesis/hooks.py", import.meta.url));
let server: TestServer;
let folder: string;
let executable: string;
let organizationId: string;
let owner: string;
let key: string;

/** A stream without an end would be waited for; test/http/activity.test.ts reads it. */
const ENDLESS = "streamActivity";

/** Need another party: an identity provider or a cluster that answers, or a browser on its way into an app. Accepted in the file named. */
const acceptedElsewhere = {
  putSso: "sso-sign-in.test.ts",
  testSso: "sso-sign-in.test.ts",
  deleteSso: "sso-sign-in.test.ts",
  beginSso: "sso-sign-in.test.ts",
  finishSso: "sso-sign-in.test.ts",
  completeAppLogin: "app-sign-in.test.ts",
  updateCluster: "cluster-update.test.ts",
  abandonDeployment: "abandon.test.ts",
  abandonCluster: "abandon.test.ts",
};

/** What can take somebody's access away, the fuzzer's too: these are tried first, by themselves. */
const endingAccess = [
  "revokeApiKey",
  "removeMember",
  "updateMember",
  "transferOwnership",
  "leaveOrganization",
  "logout",
];

beforeAll(async () => {
  executable = await ensureSchemathesis();
  folder = await mkdtemp(path.join(os.tmpdir(), "onvera-fuzz-"));
  const told = scriptedRuntime();
  server = await startTestServer({
    privateClusterHosts: ["127.0.0.1"],
    signUp: "open",
    limits: {
      perCaller: 1e9,
      perAddress: 1e9,
      failuresPerAddress: 1e9,
      signInsPerPersonAndAddress: 1e9,
      signInsPerAddress: 1e9,
    },
    // A log that is followed has no end, and the fuzzer waits for one.
    runtime: { ...told, logs: (target, request) => told.logs(target, { ...request, follow: false }) },
  });
  // Its only owner cannot leave: whatever the fuzzer asks, the caller stays who they are.
  ({ organizationId, owner, ownerKey: key } = await server.addOrganization());
  await server.store.asPlatform((db) =>
    db.updateTable("users").set({ is_platform_operator: true }).where("id", "=", owner).execute(),
  );
});
afterAll(async () => {
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

it("gives no 5xx and no undeclared answer, and every operation accepts at least one request", {
  timeout: 1_300_000,
  // Its seed is fixed, and what it made stays: another try tells nothing new.
  retry: 0,
}, async () => {
  const factsFile = path.join(folder, "facts.json");
  await writeFile(factsFile, JSON.stringify(await fuzzFacts(server, { organizationId, key })));
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
  const which = (option: string, names: readonly string[]) => names.flatMap((name) => [option, name]);
  const runs = [
    // Only made-up ids and those of the pools: ids learned from other answers would take the caller's own access.
    ["--phases", "fuzzing", ...which("--include-operation-id", endingAccess)],
    ["--phases", "examples,coverage,fuzzing", ...which("--exclude-operation-id", [ENDLESS, ...endingAccess])],
  ];
  const results = [];
  for (const choice of runs)
    results.push(
      await fuzz(executable, [...fuzzOptions(url), ...choice], {
        env: { SCHEMATHESIS_HOOKS: hooks, ONVERA_FUZZ_FACTS: factsFile, PYTHONDONTWRITEBYTECODE: "1" },
        cwd: folder,
        // Against standing still alone: it takes one to two minutes, and several where the machine has other work.
        timeoutSeconds: 600,
      }),
    );
  await worker.stop();
  await askAsThemselves(url);
  for (const { code, output } of results) expect(code, output.slice(-8000)).toBe(0);
  const elsewhere = [ENDLESS, ...Object.keys(acceptedElsewhere)];
  const names = declaredRoutes.map(({ operationId }) => operationId).filter((name) => !elsewhere.includes(name));
  expect(names.filter((name) => !accepted.has(name))).toEqual([]);
});

const fuzzOptions = (url: string) => [
  "run",
  `${url}/api/v1/openapi.json`,
  "--url",
  url,
  "--header",
  `X-API-Key: ${key}`,
  "--checks",
  "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,unsupported_method,ignored_auth",
  "--max-examples",
  "8",
  "--request-timeout",
  "30",
  "--seed",
  "1",
  "--continue-on-failure",
  // Strict patterns (networks, addresses) are hard to make up by chance; that is no fault of the API.
  "--suppress-health-check=filter_too_much",
  "--no-color",
];

/** What takes the caller away, or needs a session of a person, is asked once by somebody who may lose it. */
async function askAsThemselves(url: string): Promise<void> {
  const someone = await server.addUser({ organizationId, role: "owner", password: "fuzz-password" });
  const theirs = (await server.addKey({ organizationId, userId: someone.userId })).key;
  const heir = await server.addUser({ organizationId, role: "viewer" });
  const post = (address: string, headers: Record<string, string>, body?: unknown) =>
    fetch(`${url}/api/v1${address}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  await post(`/members/${heir.userId}/transfer-ownership`, { "X-API-Key": theirs });
  const signedIn = await post("/auth/login", {}, { email: someone.email, password: "fuzz-password" });
  const { data } = (await signedIn.json()) as { data: { access_token: string } };
  await post("/auth/switch", { Authorization: `Bearer ${data.access_token}` }, { organization_id: organizationId });
  await post("/members/leave", { "X-API-Key": theirs });
}

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
