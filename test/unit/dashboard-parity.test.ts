/** ON-25: what a person can do by API they can do in the dashboard, or it is written here why not. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const sources = new URL("../../web/src/", import.meta.url).pathname;
const document = JSON.parse(readFileSync(new URL("../../openapi.json", import.meta.url), "utf8")) as {
  paths: Record<string, Record<string, { operationId: string }>>;
};

/** Operations the dashboard leaves out, each with the reason. */
const leftOut: Readonly<Record<string, string>> = {
  healthz: "asked by machines",
  readyz: "asked by machines",
  readMetrics: "asked by machines",
  getJwks: "asked by programs that check tokens",
  exportAuditEvents: "a file for other programs: onvera audit export",
  verifyAuditLog: "a nightly job's question, asked from another machine: onvera audit verify",
  runPulumi: "an operator's tool: its output belongs in a terminal",
  listStateVersions: "an operator's tool, for a damaged state: onvera state versions",
  restoreState: "an operator's tool, for a damaged state: onvera state restore",
  createOrganization: "an operator's act, done once at the terminal: onvera organizations create",
  listOrganizations: "whoami names the person's organizations, with their role in each",
  getOrganization: "whoami names the person's organizations, with their role in each",
  getOrganizationQueue:
    "an operation's own page says what it waits for; the figures are an operator's: onvera organizations queue",
  updateOrganizationQueue: "an operator's setting: onvera organizations queue",
  switchOrganization: "a tab chooses by header, so that two tabs can show two organizations",
  createEnvironment: "environments belong to the system (TN-1)",
  updateEnvironment: "environments belong to the system (TN-1)",
  deleteEnvironment: "environments belong to the system (TN-1)",
  getEnvironment: "the list shows all there is to an environment",
  getCluster: "the list shows all there is to a cluster",
  createCluster: "its kubeconfig is a file beside the command line: onvera clusters add",
  updateCluster: "its kubeconfig is a file beside the command line: onvera clusters update",
  abandonDeployment: "done once, at the terminal, for a cluster that is gone: onvera abandon",
  abandonCluster: "done once, at the terminal, for a cluster that is gone: onvera clusters abandon",
  listClusterLeaks: "a list to clear up by, at the terminal: onvera clusters leaks",
  checkCluster: "for whoever changes the cluster, at the terminal: onvera clusters check; the list shows the report",
  deleteCluster: "done once, by whoever registered it: onvera clusters remove",
  beginCliLogin: "the command line begins its own sign-in: onvera auth login",
  redeemCliLogin: "the command line comes for its own key: onvera auth login",
  getApiKey: "the list shows all there is to a key",
  getMember: "the list shows all there is to a member",
  listOperationEvents: "the activity stream carries the same records, for all open pages in one connection",
  listDeploymentEvents: "the history shows a deployment's operations, each with its records",
};

interface Call {
  file: string;
  /** Undefined where the source does not say it beside the address. */
  method: string | undefined;
  path: string;
}

/** Every address of the API written in the dashboard's source. */
function calls(): Call[] {
  const files = readdirSync(sources, { recursive: true, encoding: "utf8" }).filter((name) => /\.tsx?$/.test(name));
  return files.flatMap((file) => {
    const text = readFileSync(join(sources, file), "utf8");
    return [...text.matchAll(/(?:\bapi\.(GET|POST|PUT|PATCH|DELETE)\(\s*)?["`](\/api\/v1\/[^"`]*)["`]/g)].map(
      ([, method, path = ""]) => ({ file, method, path: path.replace(/\$\{[^}]+\}/g, "{}") }),
    );
  });
}

const shape = (path: string) => path.replace(/\{[^}]*\}/g, "{}");
const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { operationId }]) => ({ path, method: method.toUpperCase(), operationId })),
);
const matching = ({ method, path }: Call) =>
  documented.filter((known) => shape(known.path) === shape(path) && (method === undefined || known.method === method));

describe("the dashboard and the API (ON-25)", () => {
  it("calls only what openapi.json documents, each call being one operation of it", () => {
    const found = calls();
    expect(found.length).toBeGreaterThan(30);
    expect(found.filter((call) => matching(call).length !== 1)).toEqual([]);
  });

  it("reaches every operation, but those that are left out for a reason", () => {
    const reached = new Set(calls().flatMap((call) => matching(call).map(({ operationId }) => operationId)));
    const missing = documented.map(({ operationId }) => operationId).filter((id) => !reached.has(id));
    expect(missing.sort()).toEqual(Object.keys(leftOut).sort());
  });
});
