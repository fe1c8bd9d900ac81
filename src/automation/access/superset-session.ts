/** Signed in at Superset's REST API: a token, the form token that changes need, and lists page by page. */
import type { AppDoor } from "./app-access.ts";
import { type AppAnswer, type AppRequest, askApp, loginRefused, refusal } from "./ask-app.ts";

export interface SupersetSession {
  /** Signs in first where that is needed, and once more when the app has forgotten it. */
  ask(request: AppRequest): Promise<AppAnswer>;
  /** Every row of a list. @throws AppAccessError */
  list<Row>(path: string, query: { filters?: readonly SupersetFilter[] }): Promise<Row[]>;
}

/** Column, operator, value. */
export type SupersetFilter = readonly [string, string, string | number];

/** The most Superset gives at once, unless its owner changed that: fewer rows than asked for do not end a list. */
const PAGE_SIZE = 100;

/** Opens nothing yet: the first request signs in. */
export function openSupersetSession(door: AppDoor): SupersetSession {
  let headers: Record<string, string> | undefined;

  const ask = async (request: AppRequest): Promise<AppAnswer> => {
    for (let attempt = 1; ; attempt++) {
      headers ??= await open(door);
      const answer = await askApp(door, { ...request, headers });
      if (answer.status !== 401 || attempt === 2) return answer;
      headers = undefined;
    }
  };

  return {
    ask,
    async list<Row>(path: string, { filters = [] }: { filters?: readonly SupersetFilter[] }) {
      const rows: Row[] = [];
      for (let page = 0; ; page++) {
        const answer = await ask({ path: `${path}?q=${encodeURIComponent(listQuery(filters, page))}` });
        const { count, result } = (answer.body ?? {}) as { count?: number; result?: Row[] };
        if (answer.status !== 200 || count === undefined || result === undefined) {
          throw refusal(door, `list ${path}`, answer);
        }
        rows.push(...result);
        if (rows.length >= count || result.length === 0) return rows;
      }
    },
  };
}

/** Signs in as anybody. @returns a token; undefined where the app does not let them in */
export async function signInToSuperset(
  door: AppDoor,
  who: { username: string; password: string },
): Promise<string | undefined> {
  const json = { ...who, provider: "db", refresh: false };
  const answer = await askApp(door, { method: "POST", path: "/api/v1/security/login", json });
  if (answer.status === 401) return undefined;
  const { access_token: token } = (answer.body ?? {}) as { access_token?: string };
  if (answer.status !== 200 || token === undefined) throw refusal({ ...door, ...who }, "sign anybody in", answer);
  return token;
}

async function open(door: AppDoor): Promise<Record<string, string>> {
  const { username, password } = door;
  const token = await signInToSuperset(door, { username, password });
  if (token === undefined) throw loginRefused(door);
  const authorization = `Bearer ${token}`;
  const answer = await askApp(door, { path: "/api/v1/security/csrf_token/", headers: { authorization } });
  const { result } = (answer.body ?? {}) as { result?: string };
  if (answer.status !== 200 || result === undefined) throw refusal(door, "give a form token", answer);
  return { authorization, "x-csrftoken": result, cookie: answer.cookie, referer: `${door.url}/` };
}

/** In Rison, which Superset's lists are asked in. */
function listQuery(filters: readonly SupersetFilter[], page: number): string {
  const texts = filters.map(([column, operator, value]) => `(col:${column},opr:${operator},value:${rison(value)})`);
  const where = texts.length === 0 ? "" : `filters:!(${texts.join(",")}),`;
  return `(${where}order_column:id,order_direction:asc,page:${page},page_size:${PAGE_SIZE})`;
}

const rison = (value: string | number): string =>
  typeof value === "number" ? String(value) : `'${value.replaceAll(/[!']/g, (letter) => `!${letter}`)}'`;
