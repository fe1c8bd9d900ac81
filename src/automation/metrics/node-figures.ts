/** Figures and health of a node's deployments, as its supervisor and the apps themselves tell them. */
import { sql } from "kysely";
import type { SupervisorClient } from "../../local/supervisor/client-port.ts";
import { type MetricsReport, SupervisorStatus } from "../../local/supervisor/protocol.ts";
import type { Scoped, Store } from "../../store/database.ts";
import type { FigureSource, Figures } from "./figure-source.ts";
import { readingsOf } from "./readings.ts";

export interface NodeFiguresDeps {
  store: Store;
  supervisor: Pick<SupervisorClient, "status" | "getMetrics" | "getHealth">;
  node: string;
  /** One worker of a node samples: the one that has answered longest. */
  workerId: string;
  /** What the deployment's app says of itself. @default nothing */
  appReadings?(deploymentId: string): Promise<ReadonlyMap<string, number | null>>;
}

/** A worker that says nothing for so long leaves the sampling to the next one. */
const SILENT_SECONDS = 60;

/** Makes the source; it remembers the last reports, to tell what was added since. */
export function nodeFigures(deps: NodeFiguresDeps): FigureSource {
  const { store, supervisor, appReadings = async () => new Map() } = deps;
  const before = new Map<string, MetricsReport>();

  const read = async (deploymentId: string): Promise<Figures> => {
    const [report, health, ofApp] = await Promise.all([
      supervisor.getMetrics(deploymentId),
      supervisor.getHealth(deploymentId),
      appReadings(deploymentId),
    ]);
    const values = new Map([...readingsOf(report, before.get(deploymentId)), ...ofApp]);
    before.set(deploymentId, report);
    return { values, health: { status: health.status, detail: health.frontDoor.detail } };
  };

  return {
    async look() {
      const { deployments } = SupervisorStatus.parse(await supervisor.status());
      const ids = deployments.map(({ deploymentId }) => deploymentId);
      for (const id of before.keys()) if (!ids.includes(id)) before.delete(id);
      if (ids.length > 0 && !(await store.asPlatform((db) => isFirst(db, deps)))) return undefined;
      return new Map(ids.map((id) => [id, () => read(id)]));
    },
  };
}

async function isFirst(db: Scoped, { node, workerId }: NodeFiguresDeps): Promise<boolean> {
  const { rows } = await sql<{ id: string }>`SELECT id FROM workers
    WHERE node = ${node} AND stopped_at IS NULL AND heartbeat_at > now() - make_interval(secs => ${SILENT_SECONDS})
    ORDER BY started_at, id LIMIT 1`.execute(db);
  return rows[0]?.id === workerId;
}
