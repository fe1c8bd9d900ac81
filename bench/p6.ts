/** P6: what the past costs. The same questions to an installation with 10 deployments and to ones with up to 10,000. */
import { setTimeout as sleep } from "node:timers/promises";
import { queuePlaces } from "../src/automation/operations/queue-place.ts";
import { claimOperation } from "../src/automation/worker/claim.ts";
import { writeAudit } from "../src/store/audit.ts";
import { startTestServer, type TestServer } from "../test/support/http.ts";
import { finish } from "../test/support/worker-hand.ts";
import { type Figure, figureOf, interleave } from "./figure.ts";
import { type Past, pastDeployment, writePast } from "./history-rows.ts";

const SMALL: Past = { deployments: 10, operations: 10 };
const LARGER: readonly Past[] = [
  { deployments: 100, operations: 10 },
  { deployments: 1000, operations: 10 },
  { deployments: 10_000, operations: 10 },
  { deployments: 10, operations: 1000 },
  { deployments: 1000, operations: 1000 },
];
const AIM = "<= 1.5";
/** Entries on a page, everywhere: a page that shows more is no measure of the past. */
const PER_PAGE = 10;
const WARM_UP = 20;

interface Home {
  server: TestServer;
  key: string;
  organizationId: string;
  past: Past;
}

/** `runs` of each question, in turns with the small installation. */
export async function p6(runs: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  const small = await openHome(SMALL);
  try {
    for (const past of LARGER) {
      const large = await openHome(past);
      try {
        figures.push(...(await compare(small, large, runs)));
      } finally {
        await large.server.close();
      }
    }
  } finally {
    await small.server.close();
  }
  return figures;
}

async function openHome(past: Past): Promise<Home> {
  const server = await startTestServer({ limits: { perCaller: 1e9, perAddress: 1e9, failuresPerAddress: 1e9 } });
  const { organizationId, ownerKey } = await server.addOrganization();
  await writePast(server.superuserConnectionString, organizationId, past);
  return { server, key: ownerKey, organizationId, past };
}

async function compare(small: Home, large: Home, runs: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  const { deployments, operations } = large.past;
  for (const [question, ask] of Object.entries(questions)) {
    for (let warm = 0; warm < WARM_UP; warm++) await Promise.all([ask(small, warm), ask(large, warm)]);
    const samples = await interleave(
      runs,
      (index) => ask(large, index),
      (index) => ask(small, index),
      () => sleep(2),
    );
    const past = `${deployments.toLocaleString("en")} × ${operations.toLocaleString("en")}`;
    figures.push(figureOf({ figure: "P6", case: `${question}, ${past}`, unit: "ms", aim: AIM }, samples));
  }
  return figures;
}

type Ask = (home: Home, index: number) => Promise<number>;

/** Each gives its own milliseconds; what must be put in order before or after does not count. */
const questions: Readonly<Record<string, Ask>> = {
  "list page": (home) => get(home, `/deployments?per_page=${PER_PAGE}`),
  "operations page": (home) => get(home, `/operations?per_page=${PER_PAGE}`),
  "one deployment's operations": (home) =>
    get(home, `/deployments/${pastDeployment(home.organizationId, 3)}/operations?per_page=${PER_PAGE}`),
  "dashboard home": async (home) =>
    timed(() =>
      Promise.all(
        ["/whoami", "/environments", `/deployments?per_page=${PER_PAGE}`, "/operations?status=running&per_page=10"].map(
          (path) => get(home, path),
        ),
      ),
    ),
  accept: async (home, index) => {
    let operationId = "";
    const id = pastDeployment(home.organizationId, (index % SMALL.deployments) + 1);
    const milliseconds = await timed(async () => {
      const answer = await home.server.call("POST", `/api/v1/deployments/${id}/restart`, { key: home.key, body: {} });
      if (answer.status !== 202) throw new Error(`A restart was refused: ${JSON.stringify(answer.body)}`);
      operationId = answer.body.data.operation_id;
    });
    await finish(home.server.store, operationId);
    return milliseconds;
  },
  claim: async (home, index) => {
    const operationId = await queue(home, index);
    const claimant = { workerId: "wrk_bench", capabilities: ["local:node-1"], leaseSeconds: 60 };
    const milliseconds = await timed(async () => {
      const claim = await claimOperation(home.server.store, claimant);
      if (claim?.operation.id !== operationId) throw new Error("The claim took another operation");
    });
    await finish(home.server.store, operationId);
    return milliseconds;
  },
  "one operation, queued": async (home, index) => {
    const operationId = await queue(home, index);
    const milliseconds = await get(home, `/operations/${operationId}`);
    await finish(home.server.store, operationId);
    return milliseconds;
  },
  "queue position": async (home, index) => {
    const operationId = await queue(home, index);
    const milliseconds = await timed(() => queuePlaces(home.server.store, [operationId]));
    await finish(home.server.store, operationId);
    return milliseconds;
  },
  "audit line": (home) =>
    timed(() =>
      home.server.store.forOrganization(home.organizationId, (db) =>
        writeAudit(db, {
          organizationId: home.organizationId,
          actor: { kind: "system", id: "bench", name: "bench" },
          origin: "system",
          action: "bench",
        }),
      ),
    ),
};

async function queue(home: Home, index: number): Promise<string> {
  const id = pastDeployment(home.organizationId, (index % SMALL.deployments) + 1);
  const answer = await home.server.call("POST", `/api/v1/deployments/${id}/restart`, { key: home.key, body: {} });
  return answer.body.data.operation_id;
}

async function get({ server, key }: Home, path: string): Promise<number> {
  return timed(async () => {
    const answer = await server.call("GET", `/api/v1${path}`, { key });
    if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  });
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
