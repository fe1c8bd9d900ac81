/** The parts of Airflow's own REST API that prove it works: DAGs, runs, task logs, connections, variables. */
import { until } from "./until.ts";
import { openSession, type WebSession } from "./web-session.ts";

export interface AirflowApi {
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  get(path: string): Promise<{ status: number; body: any }>;
  /** Waits until the DAG is parsed, switches it on and triggers it. @returns the run's id */
  start(dag: string): Promise<string>;
  /** The same, and waits for its end. @returns the run's id and state */
  run(dag: string): Promise<{ id: string; state: string }>;
  /** What a task of a run wrote. */
  taskLog(dag: string, run: string, task: string): Promise<string>;
}

/** On a busy machine a DAG is parsed and run in minutes. */
const PATIENCE_SECONDS = 300;

/** Signs in with a user's password, as programs do. @param session the browser to do it with */
export async function openAirflowApi(
  url: string,
  username: string,
  password: string,
  session: WebSession = openSession(url),
): Promise<AirflowApi> {
  const login = await session.ask("/auth/token", { json: { username, password } });
  if (login.status !== 201) throw new Error(`Airflow's login answered ${login.status}: ${login.body.slice(0, 300)}`);
  const headers = { authorization: `Bearer ${login.json().access_token}`, accept: "application/json" };
  const ask = async (path: string, method = "GET", json?: unknown) => {
    const answer = await session.ask(`/api/v2/${path}`, { method, headers, ...(json === undefined ? {} : { json }) });
    return {
      status: answer.status,
      body: answer.headers["content-type"]?.includes("json") ? answer.json() : answer.body,
    };
  };
  const start = async (dag: string): Promise<string> => {
    await until(async () => (await ask(`dags/${dag}`)).status === 200, `the DAG ${dag} is parsed`, PATIENCE_SECONDS);
    await ask(`dags/${dag}`, "PATCH", { is_paused: false });
    return (await ask(`dags/${dag}/dagRuns`, "POST", { logical_date: null })).body.dag_run_id;
  };
  return {
    get: (path) => ask(path),
    start,
    async run(dag) {
      const id = await start(dag);
      let state = "";
      await until(
        async () => {
          state = (await ask(`dags/${dag}/dagRuns/${id}`)).body.state;
          return state === "success" || state === "failed";
        },
        `run ${id} of ${dag} is over`,
        PATIENCE_SECONDS,
      );
      return { id, state };
    },
    async taskLog(dag, run, task) {
      const log = await ask(`dags/${dag}/dagRuns/${run}/taskInstances/${task}/logs/1?full_content=true`);
      return JSON.stringify(log.body);
    },
  };
}

/** A DAG of one task that prints a text. */
export const dagFile = (dag: string, text: string): string => `from airflow.sdk import dag, task


@dag(dag_id="${dag}", schedule=None)
def ${dag}():
    @task
    def say():
        print("${text}")

    say()


${dag}()
`;
