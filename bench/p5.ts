/**
 * P5: time to Ready of one more Superset or Airflow, against a careful person with a script: the environment is there, the
 * script makes the database, runs the app's own migration, admin and init commands and starts the same processes.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { createPackageStore } from "../src/local/packages/package-store.ts";
import { resolvePaths } from "../src/local/paths.ts";
import { type Installation, makeInstallation } from "../test/support/installation.ts";
import { type Figure, figureOf } from "./figure.ts";

const POLL_MILLISECONDS = 100;

interface Measured {
  whole: number;
  database: number;
}

interface ManualApp {
  lock: string;
  /** argv of the real migration, then of the commands that follow it, then of the processes. */
  migration: string[];
  setup: string[][];
  processes: string[][];
  env: Record<string, string>;
  files: Record<string, string>;
  healthPath: string;
  isReady(body: string): boolean;
}

/** Measures both apps; a run takes a minute or two. */
export async function p5(runs: number): Promise<Figure[]> {
  const installation = makeInstallation();
  try {
    const figures: Figure[] = [];
    for (const app of ["superset", "airflow"] as const) {
      // The first one makes package and template; the figure is about every one after it.
      await deploy(installation, app);
      const ours: Measured[] = [];
      const peer: Measured[] = [];
      for (let run = 0; run < runs; run++) {
        ours.push(await deploy(installation, app));
        peer.push(await byHand(installation, app));
      }
      for (const [part, aim] of [
        ["whole", "<= 0.5"],
        ["database", "<= 0.1"],
      ] as const) {
        const samples = { ours: ours.map((one) => one[part]), peer: peer.map((one) => one[part]) };
        figures.push(figureOf({ figure: "p5", case: `${app} ${part}`, unit: "s", aim }, samples));
      }
    }
    return figures;
  } finally {
    await installation.remove();
  }
}

async function deploy(installation: Installation, app: string): Promise<Measured> {
  const started = performance.now();
  const result = await installation.onvera(["deploy", app, "--name", `bench ${app}`, "--output", "json"]);
  const whole = seconds(started);
  if (result.code !== 0) throw new Error(`onvera deploy ${app} failed:\n${result.stderr}`);
  const text = `${result.stdout}\n${result.stderr}`;
  const [operation, deployment] = [/op_[0-9a-f-]{36}/.exec(text)?.[0], /dep_[0-9a-f-]{36}/.exec(text)?.[0]];
  if (!operation || !deployment) throw new Error(`onvera deploy ${app} named no operation:\n${text}`);
  const database = await databaseSeconds(installation, operation);
  await installation.onvera(["destroy", deployment, "--force"]);
  return { whole, database };
}

/** From the first database resource that began to the last that ended, by the operation's own events. */
async function databaseSeconds(installation: Installation, operation: string): Promise<number> {
  const { stdout } = await installation.onvera(["ops", "events", operation, "--output", "json"]);
  const parsed = JSON.parse(stdout) as { items?: EventRow[] } | EventRow[];
  const rows = (Array.isArray(parsed) ? parsed : (parsed.items ?? [])).filter(
    ({ type, data }) =>
      type === "resource" && data.type === "postgresql:index/database:Database" && data.state === "done",
  );
  return rows.reduce((sum, { data }) => sum + (data.duration_ms ?? 0) / 1000, 0);
}

interface EventRow {
  type: string;
  data: { type?: string; state?: string; duration_ms?: number };
}

async function byHand(installation: Installation, app: "superset" | "airflow"): Promise<Measured> {
  const port = await freePort();
  const folder = mkdtempSync(path.join(tmpdir(), "onvera-by-hand-"));
  const database = `by_hand_${randomBytes(4).toString("hex")}`;
  const server = serverOf(installation);
  const url = `postgresql://postgres:${server.password}@127.0.0.1:${server.port}/${database}`;
  const manual = app === "superset" ? superset(url, port, folder) : airflow(url, port, folder);
  const venv = await createPackageStore({ paths: resolvePaths(), owner: null }).packageFolder(manual.lock);
  for (const [name, text] of Object.entries(manual.files)) writeFileSync(path.join(folder, name), text);
  const env = { PATH: `${venv}/bin:/usr/bin:/bin`, HOME: folder, LANG: "C.UTF-8", ...manual.env };
  const running: ChildProcess[] = [];
  const started = performance.now();
  try {
    await inServer(server, (client) => client.query(`CREATE DATABASE ${database}`));
    await command(venv, manual.migration, env, folder);
    const migrated = seconds(started);
    for (const argv of manual.setup) await command(venv, argv, env, folder);
    for (const argv of manual.processes) running.push(start(venv, argv, env, folder));
    await untilReady(port, manual);
    return { whole: seconds(started), database: migrated };
  } finally {
    await Promise.all(running.map(end));
    await inServer(server, (client) => client.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`));
    rmSync(folder, { recursive: true, force: true });
  }
}

function superset(url: string, port: number, folder: string): ManualApp {
  return {
    lock: "superset/6.1.0",
    migration: ["superset", "db", "upgrade"],
    setup: [
      "fab create-admin --username admin --firstname A --lastname B --email a@example.com --password by-hand".split(
        " ",
      ),
      ["init"],
    ].map((args) => ["superset", ...args]),
    processes: [
      `gunicorn --bind 127.0.0.1:${port} --workers 1 --worker-class gthread --threads 8 superset.app:create_app()`.split(
        " ",
      ),
    ],
    env: { SUPERSET_CONFIG_PATH: path.join(folder, "superset_config.py"), FLASK_APP: "superset" },
    files: {
      "superset_config.py": `SECRET_KEY = "${randomBytes(32).toString("hex")}"\nSQLALCHEMY_DATABASE_URI = "${url}"\n`,
    },
    healthPath: "/health",
    isReady: (body) => body.includes("OK"),
  };
}

function airflow(url: string, port: number, folder: string): ManualApp {
  mkdirSync(path.join(folder, "dags"));
  return {
    lock: "airflow/3.3.2",
    migration: ["airflow", "db", "migrate"],
    setup: [
      "airflow users create --username admin --firstname A --lastname B --email a@example.com --role Admin --password by-hand".split(
        " ",
      ),
    ],
    processes: [
      ["airflow", "api-server", "--host", "127.0.0.1", "--port", String(port), "--workers", "1"],
      ["airflow", "scheduler"],
      ["airflow", "dag-processor"],
      ["airflow", "triggerer"],
    ],
    env: {
      AIRFLOW_HOME: folder,
      AIRFLOW__DATABASE__SQL_ALCHEMY_CONN: url.replace("postgresql://", "postgresql+psycopg2://"),
      AIRFLOW__CORE__EXECUTOR: "LocalExecutor",
      AIRFLOW__CORE__LOAD_EXAMPLES: "False",
      AIRFLOW__CORE__AUTH_MANAGER: "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
      AIRFLOW__CORE__EXECUTION_API_SERVER_URL: `http://127.0.0.1:${port}/execution/`,
      AIRFLOW__CORE__FERNET_KEY: randomBytes(32).toString("base64").replaceAll("+", "-").replaceAll("/", "_"),
      AIRFLOW__API_AUTH__JWT_SECRET: randomBytes(48).toString("hex"),
    },
    files: {},
    healthPath: "/api/v2/monitor/health",
    isReady: (body) => {
      const report = JSON.parse(body) as Record<string, { status?: string | null }>;
      return ["metadatabase", "scheduler", "dag_processor", "triggerer"].every(
        (part) => report[part]?.status === "healthy",
      );
    },
  };
}

async function untilReady(port: number, manual: ManualApp): Promise<void> {
  for (;;) {
    try {
      const answer = await fetch(`http://127.0.0.1:${port}${manual.healthPath}`);
      if (answer.ok && manual.isReady(await answer.text())) return;
    } catch {
      // Nothing listens yet.
    }
    await wait(POLL_MILLISECONDS);
  }
}

function start(venv: string, [name = "", ...args]: string[], env: Record<string, string>, cwd: string): ChildProcess {
  return spawn(path.join(venv, "bin", name), args, { env, cwd, detached: true, stdio: "ignore" });
}

function command(venv: string, argv: string[], env: Record<string, string>, cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    start(venv, argv, env, cwd).once("exit", (code) =>
      code === 0 ? resolve() : reject(new Error(`${argv.slice(0, 3).join(" ")} ended with code ${code}.`)),
    );
  });
}

/** The whole process group: servers have workers. */
function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.pid === undefined) return resolve();
    child.once("exit", () => resolve());
    process.kill(-child.pid, "SIGKILL");
  });
}

interface Server {
  port: number;
  password: string;
}

function serverOf({ folder }: Installation): Server {
  const home = path.join(folder, "home");
  const { port } = JSON.parse(readFileSync(path.join(home, "postgres", "settings.json"), "utf8")) as { port: number };
  return { port, password: readFileSync(path.join(home, "secrets", "postgres-superuser"), "utf8").trim() };
}

async function inServer(server: Server, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ host: "127.0.0.1", user: "postgres", database: "postgres", ...server });
  await client.connect();
  await work(client).finally(() => client.end());
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

const seconds = (since: number): number => (performance.now() - since) / 1000;
