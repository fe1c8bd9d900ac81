/**
 * What a ready Superset must do wherever it stands: asked through the API and the app's own address alone, so that
 * every target is held to the same words. Registers its tests where it is called; they go on from one another.
 */
import { describe, expect, it } from "vitest";
import { canLogIn, withPasswordOf } from "../database-login.ts";
import { askSteadily } from "../steady-asking.ts";
import { openSupersetApi, pageFacts, signInByForm } from "../superset-client.ts";
import { until } from "../until.ts";
import { nextLine } from "./live-log.ts";
import { type Api, apiOf, type Subject } from "./subject.ts";

/** @param deployed the deployment; asked for when the tests run */
export function conformingSuperset(deployed: () => Subject): void {
  describe("a deployment, as on every target", () => {
    const api: Api = apiOf({ request: (...asked) => deployed().request(...asked) });
    const below = (part: string) => `/deployments/${deployed().id}/${part}`;
    const get = () => api.call("GET", `/deployments/${deployed().id}`);
    const change = (changes: object) => api.call("PATCH", `/deployments/${deployed().id}`, changes);
    const act = async (action: string, body?: object) => api.succeeds(await api.call("POST", below(action), body));
    const page = async (path = "/login/") => (await deployed().browser()).ask(path);
    const credentials = () => api.call("GET", below("credentials"));
    const superset = async () => {
      const { username, password } = await credentials();
      return openSupersetApi(await deployed().browser(), username, password);
    };
    const signedIn = async () => {
      const [session, { username, password }] = await Promise.all([deployed().browser(), credentials()]);
      await signInByForm(session, username, password);
      return session;
    };
    const expectNothingToChange = async () => {
      const { summary } = (await act("plan", {})) as { summary: object };
      expect(Object.keys(summary)).toEqual(["same"]);
    };
    /** Does the work while somebody who is signed in looks who they are, without a pause. @returns how often they were answered */
    const whilePeopleWork = async (work: () => Promise<unknown>): Promise<number> => {
      const session = await signedIn();
      const asking = askSteadily(2, async () => {
        const { status, body } = await session.ask("/api/v1/me/");
        return status === 200 ? undefined : `${status} ${body.slice(0, 200)}`;
      });
      let failures: string[] = [];
      try {
        await work();
      } finally {
        failures = await asking.end();
      }
      expect(failures).toEqual([]);
      return asking.answered();
    };
    const replicas = async () =>
      (await api.call("GET", below("health"))).processes.find(({ name }: { name: string }) => name === "web");
    const areReady = async (wanted: number) => {
      const { replicas: copies } = await replicas();
      return copies.filter(({ phase }: { phase: string }) => phase === "ready").length === wanted;
    };

    it("lets its admin in and keeps what the admin makes; a wrong password opens nothing (ON-27, ON-36)", async () => {
      expect((await (await signedIn()).ask("/api/v1/me/")).json().result.username).toBe((await credentials()).username);
      await (await superset()).createDashboard("Kept");
      const stranger = await deployed().browser();
      await signInByForm(stranger, "admin", "wrong");
      expect((await stranger.ask("/api/v1/me/")).status).toBe(401);
    });

    it("tells health, figures of each copy, its tree, its events, and outputs without a secret (ON-15, ON-23)", async () => {
      expect(await api.call("GET", below("health"))).toMatchObject({ status: "healthy", front_door: { ok: true } });
      expect(await replicas()).toMatchObject({ wanted_replicas: 1, replicas: [{ replica: 0, phase: "ready" }] });
      const figures = async () => (await api.call("GET", below("metrics"))).processes;
      const isMeasured = async () => (await figures()).some(({ name }: { name: string }) => name === "web");
      await until(isMeasured, "a copy was measured");
      const [web] = (await figures()).filter(({ name }: { name: string }) => name === "web");
      expect(web).toMatchObject({ replica: 0, restarts: 0 });
      expect(web.memory_bytes).toBeGreaterThan(50 * 2 ** 20);
      const types = typesOf((await api.call("GET", below("resources"))).items);
      for (const component of ["Secrets", "Database", "Network", "Compute", "Dns"]) {
        expect(types).toContain(`onvera:deployment:${component}`);
      }
      expect((await api.call("GET", below("events"))).items.length).toBeGreaterThan(5);
      const outputs = await api.call("GET", below("outputs"));
      expect(outputs.url).toBe((await get()).url);
      for (const secret of [(await credentials()).password, new URL(await deployed().databaseUrl()).password]) {
        expect(JSON.stringify(outputs)).not.toContain(secret);
      }
    });

    it("gives its log by process, past and live (ON-15, NH-08)", async () => {
      const { items } = await api.call("GET", below("logs?process=web&tail=50"));
      expect(items.length).toBeGreaterThan(0);
      expect(new Set(items.map((line: { process: string }) => line.process))).toEqual(new Set(["web"]));
      // Superset logs each request that needs a session.
      const line = await nextLine(deployed(), "web", () => page("/api/v1/security/login"));
      expect(line).toMatchObject({ process: "web", replica: 0 });
    });

    it("has nothing to change as it stands (ON-47)", expectNothingToChange);

    it("says why an update cannot start, and what served goes on serving; the next update takes effect (ON-39, TN-3)", async () => {
      const before = await deployed().running();
      const { status, error } = await api.ended(
        await change({ superset: { config: { CACHE_CONFIG: { CACHE_TYPE: "NoSuchCache" } } } }),
      );
      expect(status).toBe("failed");
      expect(error.last_log_lines.join("\n")).toContain("NoSuchCache");
      expect(await get()).toMatchObject({ status: "ready", conditions: [{ type: "update_failed" }] });
      expect(await deployed().running()).toEqual(before);
      expect((await page()).status).toBe(200);
      await api.succeeds(await change({ superset: { config: { DEFAULT_SQLLAB_LIMIT: 88 } } }));
      expect((await get()).conditions).toEqual([]);
      // What is on its way to its end answers until every proxy has heard of it.
      const limit = async () => pageFacts((await page()).body).conf.DEFAULT_SQLLAB_LIMIT;
      await until(async () => (await limit()) === 88, "the page has the new limit", 30);
    });

    it("runs in two copies that stand in for each other, and brings back one that dies (ON-24)", async () => {
      await act("scale", { replicas: { web: 2 } });
      expect(await replicas()).toMatchObject({ wanted_replicas: 2 });
      const [one = ""] = await deployed().running();
      await deployed().kill(one);
      const answers = [];
      for (let turn = 0; turn < 10; turn += 1) answers.push((await page()).status);
      expect(answers.filter((status) => status === 200).length).toBeGreaterThanOrEqual(9);
      await until(
        async () => !(await deployed().running()).includes(one) && areReady(2),
        "both copies are ready again",
      );
      await act("scale", { replicas: { web: 1 } });
      await until(async () => (await replicas()).replicas.length === 1, "one copy is left");
    });

    it("restarts all of it while people work, and no request fails (ON-24)", async () => {
      const before = await deployed().running();
      await whilePeopleWork(() => act("restart"));
      const after = await deployed().running();
      expect(after.length).toBeGreaterThan(0);
      expect(after.filter((part) => before.includes(part))).toEqual([]);
    });

    it("rotates the database password while people work: no request fails, sessions go on, the old one is refused (NH-07)", async () => {
      const old = await deployed().databaseUrl();
      expect(await whilePeopleWork(() => act("credentials/rotate"))).toBeGreaterThan(20);
      const fresh = await deployed().databaseUrl();
      expect(await Promise.all([old, fresh, withPasswordOf(fresh, old)].map(canLogIn))).toEqual([false, true, false]);
      await expectNothingToChange();
    });

    it("stops, keeping data and address, and starts again with what was in it (ON-24, TN-5)", async () => {
      const { url } = await get();
      await act("stop");
      expect(await deployed().running()).toEqual([]);
      expect(await get()).toMatchObject({ status: "ready", url, power_state: "stopped", health: "stopped" });
      expect((await page("/")).status).toBeGreaterThanOrEqual(400);
      await act("start");
      expect(await (await superset()).dashboardTitles()).toContain("Kept");
      await expectNothingToChange();
    });
  });
}

interface TreeNode {
  type: string;
  children: TreeNode[];
}

const typesOf = (nodes: TreeNode[]): string[] => nodes.flatMap(({ type, children }) => [type, ...typesOf(children)]);
