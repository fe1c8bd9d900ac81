/** The HTTP side, put together: API, docs, live streams. */
import { serve } from "@hono/node-server";
import { getConnInfo } from "@hono/node-server/conninfo";
import type { Context } from "hono";
import { SetupError } from "../domain/setup-error.ts";
import { type SignInAddress, signInAddress } from "../domain/sign-in.ts";
import type { SupervisorClient } from "../local/supervisor/client-port.ts";
import { startForgetting } from "../server/answers-kept.ts";
import { createApp, type ServerApp } from "../server/app.ts";
import { defaultIdentityPolicy } from "../server/identity/provider.ts";
import { startMailer } from "../server/mail/mailer.ts";
import { defaultLimits } from "../server/middleware/rate-limit.ts";
import { startOperationHub } from "../server/operation-hub.ts";
import { noRuntime } from "../server/runtime-reader.ts";
import { openTokens } from "../server/tokens.ts";
import { startDeliverer } from "../server/webhooks/deliverer.ts";
import { defaultWebhookPolicy } from "../server/webhooks/retries.ts";
import { writeSignInAddress } from "../store/sign-in-address.ts";
import { listenForApi } from "./api-port.ts";
import { distFile } from "./dist-file.ts";
import type { Installation } from "./installation.ts";
import { createKubernetesRuntime } from "./kubernetes-runtime.ts";
import { createLocalRuntime } from "./local-runtime.ts";
import type { Log } from "./log.ts";
import { mailSettings } from "./mail-settings.ts";
import { publicUrlSetting } from "./public-url-setting.ts";
import { runtimeByCluster } from "./runtime-by-cluster.ts";
import { openRuntimePlaces } from "./runtime-places.ts";
import { openTracer } from "./tracer.ts";
import { version } from "./version.ts";

export interface ServerServices {
  apiUrl: string;
  /** Ends streams, finishes what is being answered, closes. */
  stop(): Promise<void>;
}

/**
 * @param supervisor of this node; undefined for a server on a machine without a local cluster
 * @throws SetupError `port-taken`
 */
export async function startServerServices(
  installation: Installation,
  supervisor: SupervisorClient | undefined,
  log: Log,
): Promise<ServerServices> {
  const { store, settings, custody, dataKeys, paths, databaseUrl } = installation;
  const hub = startOperationHub(databaseUrl);
  const tracer = await openTracer("onvera-server", log);
  const publicUrl = publicUrlSetting(process.env.ONVERA_PUBLIC_URL);
  let address: SignInAddress | undefined;
  const policy = { ...defaultWebhookPolicy, privateHosts: namedHosts(process.env.ONVERA_PRIVATE_WEBHOOK_HOSTS) };
  const mail = mailSettings(process.env);
  const app = createApp({
    store,
    custody,
    dataKeys,
    tokens: openTokens({ store, dataKeys }),
    hub,
    runtime: runtimeByCluster({
      local: supervisor ? createLocalRuntime({ supervisor, nodeId: settings.nodeId }) : noRuntime,
      kubernetes: createKubernetesRuntime(openRuntimePlaces({ store, dataKeys })),
    }),
    log,
    version,
    singleOrganization: !paths.isRoot && supervisor !== undefined,
    testApps: process.env.ONVERA_TEST_APPS === "1",
    signUp: signUpMode(),
    limits: defaultLimits,
    webhooks: policy,
    privateClusterHosts: namedHosts(process.env.ONVERA_PRIVATE_CLUSTER_HOSTS),
    identity: { ...defaultIdentityPolicy, privateHosts: namedHosts(process.env.ONVERA_PRIVATE_IDENTITY_HOSTS) },
    mail,
    tracer,
    issuer: () => address?.issuer,
    docsScript: distFile("assets/scalar.js"),
    dashboardFolder: distFile("web"),
    addressOf: (context) => getConnInfo(context as Context).remote.address,
    now: () => new Date(),
  });
  // The event stream's own connection must not keep a process alive that cannot listen.
  const { server, port } = await listenForApi(installation, log, (wanted) => listen(app.fetch, wanted)).catch(
    async (error) => {
      await hub.stop();
      throw error;
    },
  );
  const apiUrl = `http://127.0.0.1:${port}`;
  address = signInAddress(publicUrl ?? apiUrl, apiUrl);
  const told = address;
  await store.asPlatform((db) => writeSignInAddress(db, told));
  const forgetting = startForgetting({ store, log });
  const deliverer = startDeliverer({ store, dataKeys, hub, policy, log });
  const mailer = mail && startMailer({ store, dataKeys, log, settings: mail });
  return {
    apiUrl,
    async stop() {
      forgetting.stop();
      await Promise.all([deliverer.stop(), mailer?.stop()]);
      await hub.stop();
      await app.drain();
      await tracer.close();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        if ("closeAllConnections" in server) server.closeAllConnections();
      });
    },
  };
}

/** Hosts that customers may name although they are inside a network. */
const namedHosts = (list = ""): string[] => list.split(",").filter((host) => host !== "");

/** @throws SetupError `setting-invalid`, rather than leave a door open that was meant to be shut */
function signUpMode(): "open" | "invite-only" {
  const given = process.env.ONVERA_SIGN_UP ?? "invite-only";
  if (given === "open" || given === "invite-only") return given;
  throw new SetupError("setting-invalid", {
    what: `ONVERA_SIGN_UP is '${given}'`,
    why: "it is either open or invite-only.",
    nextStep: "Set it to one of them, or leave it unset: invite-only.",
  });
}

function listen(fetch: ServerApp["fetch"], port: number): Promise<ReturnType<typeof serve>> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch, port, hostname: "127.0.0.1" }, () => resolve(server));
    server.once("error", reject);
  });
}
