/** The parts of Superset's own interface that prove it works: its login form, its REST API, SQL Lab. */
import type { SessionAnswer, WebSession } from "./web-session.ts";

/** Signs in as a person does, by the login page's form. @throws Error with what Superset answered */
export async function signInByForm(session: WebSession, user: string, password: string): Promise<void> {
  const page = await expectStatus(200, session.ask("/login/"));
  const token = /name="csrf_token"[^>]*?value="([^"]+)"/.exec(page.body)?.[1];
  if (token === undefined) throw new Error("The login page has no form token.");
  const form = { username: user, password, csrf_token: token };
  await expectStatus(302, session.ask("/login/", { form, headers: { referer: `${session.origin}/login/` } }));
}

export interface SupersetApi {
  /** Connects a database. @returns its id */
  createDatabase(name: string, uri: string): Promise<number>;
  /** Runs SQL in SQL Lab. @returns its rows */
  runSql(databaseId: number, sql: string): Promise<Record<string, unknown>[]>;
  /** Saves a chart-less dashboard. @returns its id */
  createDashboard(title: string): Promise<number>;
  dashboardTitles(): Promise<string[]>;
}

/** Signs in to the REST API as a program does. */
export async function openSupersetApi(session: WebSession, user: string, password: string): Promise<SupersetApi> {
  const login = { username: user, password, provider: "db", refresh: true };
  const { access_token: bearer } = (
    await expectStatus(200, session.ask("/api/v1/security/login", { json: login }))
  ).json();
  const authorization = `Bearer ${bearer}`;
  const token = await expectStatus(200, session.ask("/api/v1/security/csrf_token/", { headers: { authorization } }));
  const headers = { authorization, "x-csrftoken": token.json().result, referer: `${session.origin}/` };
  const post = async (status: number, path: string, json: unknown) =>
    (await expectStatus(status, session.ask(path, { json, headers }))).json();
  return {
    createDatabase: async (name, uri) =>
      (await post(201, "/api/v1/database/", { database_name: name, sqlalchemy_uri: uri, expose_in_sqllab: true })).id,
    runSql: async (databaseId, sql) =>
      (await post(200, "/api/v1/sqllab/execute/", { database_id: databaseId, sql, runAsync: false, schema: "public" }))
        .data,
    createDashboard: async (title) => (await post(201, "/api/v1/dashboard/", { dashboard_title: title })).id,
    dashboardTitles: async () => {
      const list = await expectStatus(200, session.ask("/api/v1/dashboard/", { headers: { authorization } }));
      return list.json().result.map((dashboard: { dashboard_title: string }) => dashboard.dashboard_title);
    },
  };
}

/** What Superset tells its own pages: configuration and feature flags in force. */
export function pageFacts(page: string): { conf: Record<string, unknown>; feature_flags: Record<string, unknown> } {
  const data = /data-bootstrap="([^"]*)"/.exec(page)?.[1] ?? "{}";
  const text = data.replace(/&#34;/g, '"').replace(/&#39;/g, "'").replace(/&lt;/g, "<").replace(/&gt;/g, ">");
  return JSON.parse(text.replace(/&amp;/g, "&")).common;
}

async function expectStatus(status: number, asked: Promise<SessionAnswer>): Promise<SessionAnswer> {
  const answer = await asked;
  if (answer.status === status) return answer;
  throw new Error(`Superset answered ${answer.status} instead of ${status}: ${answer.body.slice(0, 500)}`);
}
