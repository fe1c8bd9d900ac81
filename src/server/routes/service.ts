/** Handlers of the app catalogue and of the service's own state. */
import { appCatalog } from "../../domain/app-catalog.ts";
import { OnveraError } from "../../domain/errors.ts";
import { sizeNames, sizes } from "../../domain/sizes.ts";
import type { Store } from "../../store/database.ts";
import { pendingMigrations } from "../../store/migrate.ts";
import * as contracts from "../contracts/service.ts";
import type { ServerDeps } from "../deps.ts";
import { EXPOSITION_TYPE } from "../metrics/exposition.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { LOST_MILLISECONDS } from "../views/organization-view.ts";
import { newApi } from "./api.ts";

export const serviceRoutes = (deps: ServerDeps) =>
  newApi()
    .openapi(contracts.listApps, (c) => {
      const sizeList = sizeNames.map((name) => ({
        name,
        cpu: sizes[name].cpu,
        memory_megabytes: sizes[name].memoryMegabytes,
      }));
      const items = Object.values(appCatalog).map((app) => ({
        app_type: app.type,
        title: app.title,
        default_version: app.versions[0].version,
        versions: app.versions.map(({ version, updatesTo }) => ({ version, updates_to: [...updatesTo] })),
        processes: app.processes.map((process) => ({
          name: process.name,
          executor: process.executor ?? null,
          default_replicas: process.defaultReplicas,
          scalable: process.scalable,
          min_replicas: process.minReplicas,
          max_replicas: process.maxReplicas,
        })),
        sizes: sizeList,
      }));
      return c.json({ data: { items } }, 200);
    })

    .openapi(contracts.getVersion, (c) =>
      c.json(
        { data: { version: deps.version, api: "v1" as const, test_apps: deps.testApps, sign_up: signUpMode(deps) } },
        200,
      ),
    );

export const stateRoutes = (deps: ServerDeps, metrics: Metrics) =>
  newApi()
    .openapi(contracts.healthz, (c) => c.json({ data: { status: "ok" as const, detail: "The process answers" } }, 200))

    .openapi(contracts.readyz, async (c) => {
      const { pending, heardSecondsAgo } = await readState(deps.store).catch((cause: unknown) => {
        throw new OnveraError("SERVICE_UNAVAILABLE", { message: "The database does not answer", cause });
      });
      if (pending.length > 0) {
        throw new OnveraError("SERVICE_UNAVAILABLE", {
          message: "The database schema is not current. Run 'onvera migrate'",
        });
      }
      // Without a worker everything can still be read and asked for; taking the servers away as well would help nobody.
      const isAlone = heardSecondsAgo === null || heardSecondsAgo * 1000 > LOST_MILLISECONDS;
      const detail = isAlone ? "Ready for requests; no worker answers, so operations wait" : "Ready for requests";
      return c.json({ data: { status: "ok" as const, detail } }, 200);
    })

    .openapi(contracts.readMetrics, async (c) =>
      c.text(await metrics.text(), 200, { "Content-Type": EXPOSITION_TYPE }),
    );

/** Which migrations of this build the database lacks, and how long ago any worker that has not stopped was heard, seconds. */
async function readState(store: Store): Promise<{ pending: string[]; heardSecondsAgo: number | null }> {
  const pending = await pendingMigrations(store.pool);
  if (pending.length > 0) return { pending, heardSecondsAgo: null };
  const { rows } = await store.pool.query<{ seconds: number | null }>(
    "SELECT extract(epoch FROM now() - max(heartbeat_at))::float8 AS seconds FROM onvera.workers WHERE stopped_at IS NULL",
  );
  return { pending, heardSecondsAgo: rows[0]?.seconds ?? null };
}

/** An account of one's own comes with an organization of one's own: where there is room for one only, nobody signs up. */
const signUpMode = ({ signUp, singleOrganization }: ServerDeps) => (singleOrganization ? "invite-only" : signUp);
