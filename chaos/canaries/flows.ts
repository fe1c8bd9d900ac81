/** What customers and people do while the search is on: a deployment that succeeds and changes, one that fails, one that is cut off. */
import { setTimeout as wait } from "node:timers/promises";
import { succeed } from "../../test/support/bench-app.ts";
import { canary } from "../../test/support/canary.ts";
import type { Installation } from "../../test/support/installation.ts";
import type { InstallationAccess } from "../../test/support/installation-access.ts";
import { type Secrets, secretsOfApp } from "./secrets.ts";

export interface Stage {
  installation: Installation;
  access: InstallationAccess;
  home: string;
  /** Everything secret that was given, made or shown so far. */
  secrets: Secrets;
  say(line: string): void;
}

const POLL_MILLISECONDS = 250;
const ENDED = ["succeeded", "failed", "canceled"];

/** Gives a customer's value a name and remembers it. */
function given({ secrets }: Stage, name: string): string {
  const value = canary(name);
  secrets[`customer: ${name}`] = value;
  return value;
}

const variables = (stage: Stage, label: string) => ({
  [`PLAIN_${label.toUpperCase()}`]: given(stage, `${label} environment variable`),
  [`${label.toUpperCase()}_API_TOKEN`]: given(stage, `${label} environment token`),
});

const airflowSettings = (stage: Stage, label: string) => ({
  connections: { shop: `postgresql://reader:${given(stage, `${label} connection`)}@db.example.org:5432/shop` },
  variables: { region_key: given(stage, `${label} variable`) },
});

/**
 * An app that comes up and gets new database passwords; with `isFull`, an Airflow that is planned for and changed as well.
 * @returns its id
 */
export async function succeedingFlow(stage: Stage, isFull: boolean): Promise<string> {
  const { deploymentId, status } = await deploy(stage, {
    ...{ app_type: isFull ? "airflow" : "superset", name: "fine", environment_variables: variables(stage, "fine") },
    ...(isFull
      ? { airflow: airflowSettings(stage, "fine") }
      : { superset: { config: { SMTP_PASSWORD: given(stage, "fine setting") } } }),
  });
  expectEnding("the deployment that is fine", status, "succeeded");
  Object.assign(stage.secrets, secretsOfApp(stage.home, deploymentId));
  if (isFull) {
    const change = (name: string) => ({
      environment_variables: { LATER: given(stage, `fine ${name} environment variable`) },
    });
    await act(stage, "PATCH", `deployments/${deploymentId}`, change("later"));
    await act(stage, "POST", `deployments/${deploymentId}/plan`, { changes: change("planned") });
  }
  const before = secretsOfApp(stage.home, deploymentId);
  await act(stage, "POST", `deployments/${deploymentId}/credentials/rotate`, {});
  const after = secretsOfApp(stage.home, deploymentId);
  for (const [name, value] of Object.entries(after)) {
    if (before[name] !== value) stage.secrets[`${name}, rotated`] = value;
  }
  return deploymentId;
}

/** An Airflow whose DAGs cannot be fetched, with a password in their address. @returns its id */
export async function failingFlow(stage: Stage): Promise<string> {
  const { deploymentId, status } = await deploy(stage, {
    ...{ app_type: "airflow", name: "failing", environment_variables: variables(stage, "failing") },
    airflow: {
      ...airflowSettings(stage, "failing"),
      dags: { url: `https://fetcher:${given(stage, "failing git password")}@127.0.0.1:9/dags.git` },
    },
  });
  expectEnding("the deployment that cannot fetch its DAGs", status, "failed");
  return deploymentId;
}

/** A Superset whose control plane is killed while it comes up, and that is brought to its end by the next one. @returns its id */
export async function crashingFlow(stage: Stage): Promise<string> {
  const { installation } = stage;
  const config = { SMTP_PASSWORD: given(stage, "crashing setting") };
  const { deploymentId, operationId } = await submit(stage, "POST", "deployments", {
    ...{ app_type: "superset", name: "crashing", environment_variables: variables(stage, "crashing") },
    superset: { config },
  });
  const { stdout } = await succeed(installation, "status", "-o", "json");
  const { pid } = (JSON.parse(stdout) as { control_plane: { pid: number } }).control_plane;
  await until(stage, operationId, ({ phase }) => phase === "bootstrapping_app" || phase === "running_migrations");
  process.kill(pid, "SIGKILL");
  await succeed(installation, "start", "--background");
  const { status } = await until(stage, operationId, (operation) => ENDED.includes(operation.status));
  expectEnding("the deployment that was cut off", status, "succeeded");
  Object.assign(stage.secrets, secretsOfApp(stage.home, deploymentId));
  return deploymentId;
}

/** People: a session of the admin's, an API key, a person invited, who chooses a password. @returns a viewer's access token */
export async function peopleFlow(stage: Stage): Promise<string> {
  const { access, secrets } = stage;
  const call = async (to: string, body: unknown) => {
    const answer = await access.call("POST", to, { body });
    if (answer.status >= 300) throw new Error(`POST ${to} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body.data;
  };
  const admin = { email: "admin@localhost", password: String(secrets["installation: first-admin.json"]) };
  const session = await call("auth/login", admin);
  Object.assign(secrets, { "token: access": session.access_token, "token: refresh": session.refresh_token });
  const refreshed = await call("auth/refresh", { refresh_token: session.refresh_token });
  Object.assign(secrets, {
    "token: access, next": refreshed.access_token,
    "token: refresh, next": refreshed.refresh_token,
  });
  secrets["token: API key"] = (await call("api-keys", { name: "canary" })).key;
  const email = "viewer@example.test";
  const invitation = await call("invitations", { email, role: "viewer" });
  secrets["token: invitation"] = invitation.token;
  const password = given(stage, "person's password");
  const joined = await fetch(`http://127.0.0.1:${access.settings.apiPort}/api/v1/invitations/accept`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token: invitation.token, password, name: "Viewer" }),
  });
  const { data } = (await joined.json()) as { data: { access_token: string; refresh_token: string } };
  Object.assign(secrets, {
    "token: viewer's access": data.access_token,
    "token: viewer's refresh": data.refresh_token,
  });
  return data.access_token;
}

async function deploy(stage: Stage, body: Record<string, unknown>): Promise<{ deploymentId: string; status: string }> {
  const { deploymentId, operationId } = await submit(stage, "POST", "deployments", body);
  const { status } = await until(stage, operationId, (operation) => ENDED.includes(operation.status));
  return { deploymentId, status };
}

async function act(stage: Stage, method: string, to: string, body: unknown): Promise<void> {
  const { operationId } = await submit(stage, method, to, body);
  const { status } = await until(stage, operationId, (operation) => ENDED.includes(operation.status));
  expectEnding(`${method} ${to}`, status, "succeeded");
}

async function submit({ access, say }: Stage, method: string, to: string, body: unknown) {
  const answer = await access.call(method, to, { body, headers: { "idempotency-key": canary("key") } });
  const { operation_id: operationId, deployment_id: deploymentId } = answer.body.data ?? {};
  if (typeof operationId !== "string") {
    throw new Error(`${method} ${to} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  }
  say(`${method} ${to}: ${operationId}`);
  return { operationId, deploymentId: String(deploymentId) };
}

async function until(
  { access }: Stage,
  operationId: string,
  holds: (operation: { status: string; phase: string }) => boolean,
): Promise<{ status: string; phase: string }> {
  for (;;) {
    const operation = (await access.call("GET", `operations/${operationId}`)).body.data;
    if (holds(operation) || ENDED.includes(operation.status)) return operation;
    await wait(POLL_MILLISECONDS);
  }
}

function expectEnding(what: string, status: string, wanted: string): void {
  if (status !== wanted) throw new Error(`It was to end as ${wanted}, ${what}; it is ${status}.`);
}
