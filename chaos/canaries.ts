/** `npm run chaos -- canaries` (R8): a unique value on every secret's path, and a search of every place for each of them. */
import { join } from "node:path";
import { superuserName } from "../src/local/postgres/cluster.ts";
import { succeed } from "../test/support/bench-app.ts";
import { type CanaryHit, searchCanaries } from "../test/support/canary.ts";
import { makeInstallation } from "../test/support/installation.ts";
import { accessTo, type InstallationAccess } from "../test/support/installation-access.ts";
import { allowanceFor, allowances } from "./canaries/allowed.ts";
import { crashingFlow, failingFlow, peopleFlow, type Stage, succeedingFlow } from "./canaries/flows.ts";
import { type Ids, lookAtAnswers, lookAtCommands, lookAtDatabases, lookAtFiles } from "./canaries/places.ts";
import { type Sample, sampleProcesses } from "./canaries/samples.ts";
import { type Secrets, secretsInFiles, secretsSealed } from "./canaries/secrets.ts";
import type { ChaosReport, ChaosTest } from "./chaos-test.ts";

const LEASE_SECONDS = "6";

export const canaries: ChaosTest = {
  summary: "R8: a unique value on every secret's path, and a search of all that is kept, answered or running",
  run: ({ say }) => runCanaries({ isFull: true, say }),
};

export interface CanaryOptions {
  /** Airflow too, and changes and plans besides the rotation. */
  isFull: boolean;
  say(line: string): void;
}

/** Runs the flows on an installation of its own, and the search. */
export async function runCanaries({ isFull, say }: CanaryOptions): Promise<ChaosReport> {
  const installation = makeInstallation({ ONVERA_LEASE_SECONDS: LEASE_SECONDS });
  const home = join(installation.folder, "home");
  try {
    await succeed(installation, "start", "--background");
    const access = accessTo(installation);
    const stage: Stage = { installation, access, home, secrets: secretsInFiles(home), say };
    const samples = sampleProcesses(installation.folder, [join(home, "operations")]);
    const viewer = await peopleFlow(stage);
    const [fine, failing] = await Promise.all([succeedingFlow(stage, isFull), failingFlow(stage)]);
    const crashing = await crashingFlow(stage);
    const server = new URL(`postgresql://127.0.0.1:${access.databasePort}/onvera`);
    server.username = superuserName;
    server.password = String(stage.secrets["installation: postgres-superuser"]);
    Object.assign(stage.secrets, await secretsSealed(home, server.href));
    const [looks, processes] = [samples.looks(), samples.processes()];
    const sampled = samples.stop();
    Object.assign(stage.secrets, transitTokens(sampled));

    const hits: CanaryHit[] = [];
    const search = searchCanaries(stage.secrets, (hit) => {
      hits.push(hit);
      return allowanceFor(hit) !== undefined;
    });
    for (const { where, content } of sampled) search.look(where.replace(`${installation.folder}/`, ""), content);
    say(`looked ${looks} times at ${processes} processes`);
    const base = `http://127.0.0.1:${access.settings.apiPort}`;
    const ids = await idsOf(stage, [fine, failing, crashing]);
    const owner = { "x-api-key": String(stage.secrets["installation: cli-api-key"]) };
    const answers =
      (await lookAtAnswers({ base, caller: "owner", headers: owner, ids }, search.look)) +
      (await lookAtAnswers(
        { base, caller: "viewer", headers: { authorization: `Bearer ${viewer}` }, ids },
        search.look,
      ));
    const commands = await lookAtCommands(installation, commandLines(fine, ids), search.look);
    const databases = await lookAtDatabases(server, search.look);
    const files = lookAtFiles(installation.folder, search.look);
    const unique = [...new Set(search.hits.map(({ canary, where }) => `${canary} in ${where}`))];
    return {
      result: {
        test: "canaries",
        cases: Object.keys(stage.secrets).length,
        terminal: Object.keys(stage.secrets).length,
        orphans: 0,
        duplicates: 0,
        lost: unique.length,
        ok: unique.length === 0,
      },
      table: [
        ["secrets looked for", String(Object.keys(stage.secrets).length)],
        ["looks at processes and passing files", String(looks)],
        ["processes seen", String(processes)],
        ["databases, every table", String(databases)],
        ["files", String(files)],
        ["answers of the API", String(answers)],
        ["commands", String(commands)],
        ["pieces searched", String(search.looked())],
        ...allowances.map((entry) => [
          `allowed: ${entry.reason}`,
          String(hits.filter((hit) => allowanceFor(hit) === entry).length),
        ]),
      ],
      failures: unique,
    };
  } finally {
    await installation.remove();
  }
}

/** Made for one operation each; seen where the CLI takes them, and looked for everywhere else. */
function transitTokens(sampled: readonly Sample[]): Secrets {
  const tokens = sampled.flatMap(({ content }) => /(?:^|\0)VAULT_SERVER_TOKEN=([^\0]+)/.exec(content)?.[1] ?? []);
  return Object.fromEntries([...new Set(tokens)].map((token, index) => [`engine: transit token ${index + 1}`, token]));
}

/** Everything the routes may be asked about. */
async function idsOf({ access }: Stage, deployments: readonly string[]): Promise<Ids> {
  const all = async (to: string): Promise<string[]> =>
    (await listed(access, to)).map(({ id, user_id: userId }) => id ?? userId ?? "");
  return {
    deployment_id: deployments,
    operation_id: await all("operations?per_page=100"),
    environment_id: await all("environments"),
    organization_id: await all("organizations"),
    project_id: await all("projects"),
    cluster_id: await all("clusters"),
    api_key_id: await all("api-keys"),
    user_id: await all("members"),
    invitation_id: await all("invitations"),
  };
}

async function listed(access: InstallationAccess, to: string): Promise<{ id?: string; user_id?: string }[]> {
  const { status, body } = await access.call("GET", to);
  if (status !== 200) throw new Error(`GET ${to} answered ${status}: ${JSON.stringify(body)}`);
  return body.data.items;
}

const commandLines = (deploymentId: string, ids: Ids): string[][] => [
  ["get", deploymentId],
  ["logs", deploymentId, "--tail", "5000"],
  ["resources", deploymentId, "-o", "json"],
  ["outputs", deploymentId, "-o", "json"],
  ["state", "versions", deploymentId],
  ["pulumi", "stack", "export", "--stack", deploymentId],
  ["pulumi", "stack", "output", "--json", "--stack", deploymentId],
  ["audit", "export"],
  ["doctor"],
  ["status"],
  ...(ids.operation_id ?? []).map((id) => ["ops", "events", id, "-o", "json"]),
];
