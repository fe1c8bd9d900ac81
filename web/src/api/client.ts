/** Calls the API as the person who is signed in. */
import createClient from "openapi-fetch";
import type { paths } from "../../../src/cli/api-types.ts";
import { chosenOrganization, forgetOrganization } from "../session/organization.ts";
import { accessToken } from "../session/session.ts";
import { ApiProblem, readProblem } from "./problem.ts";

/** `fetch` with the access token; a token that was ended meanwhile is renewed once. */
export async function authorizedFetch(request: Request): Promise<Response> {
  const send = async (force: boolean) => {
    const headers = new Headers(request.headers);
    headers.set("Authorization", `Bearer ${await accessToken({ force })}`);
    const organization = chosenOrganization();
    if (organization !== null) headers.set("X-Onvera-Organization", organization);
    return fetch(new Request(request.clone(), { headers }));
  };
  const response = await send(false);
  return response.status === 401 ? send(true) : response;
}

export const api = createClient<paths>({ baseUrl: location.origin, fetch: authorizedFetch });

interface Answer<Body> {
  data?: Body;
  error?: unknown;
  response: Response;
}

/**
 * Opens the envelope of an answer.
 * @throws ApiProblem when the service refused
 */
export async function dataOf<Body extends { data: unknown }>(answer: Promise<Answer<Body>>): Promise<Body["data"]> {
  const { data, error, response } = await answer;
  if (data !== undefined) return data.data;
  const problem = new ApiProblem(response.status, readProblem(error));
  // The organization is gone, or the person is no member of it any more.
  if (problem.code === "ORGANIZATION_NOT_FOUND") forgetOrganization();
  throw problem;
}

/** A header that makes a repeated submit one change. */
export const idempotent = () => ({ "idempotency-key": crypto.randomUUID() });
