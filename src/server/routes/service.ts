/** Handlers of the app catalogue and of the service's own state. */
import { appCatalog } from "../../domain/app-catalog.ts";
import { OnveraError } from "../../domain/errors.ts";
import { sizeNames, sizes } from "../../domain/sizes.ts";
import * as contracts from "../contracts/service.ts";
import type { ServerDeps } from "../deps.ts";
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

export const stateRoutes = (deps: ServerDeps) =>
  newApi()
    .openapi(contracts.healthz, (c) => c.json({ data: { status: "ok" as const, detail: "The process answers" } }, 200))

    .openapi(contracts.readyz, async (c) => {
      // What the newest migration this build needs has made; an older schema has no such function.
      const answer = await deps.store.pool
        .query("SELECT to_regproc('onvera.find_session') IS NOT NULL AS current")
        .catch((cause: unknown) => {
          throw new OnveraError("SERVICE_UNAVAILABLE", { message: "The database does not answer", cause });
        });
      if (answer.rows[0]?.current !== true) {
        throw new OnveraError("SERVICE_UNAVAILABLE", {
          message: "The database schema is not current. Run 'onvera migrate'",
        });
      }
      return c.json({ data: { status: "ok" as const, detail: "Ready for requests" } }, 200);
    });

/** An account of one's own comes with an organization of one's own: where there is room for one only, nobody signs up. */
const signUpMode = ({ signUp, singleOrganization }: ServerDeps) => (singleOrganization ? "invite-only" : signUp);
