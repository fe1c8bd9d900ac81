/** `onvera auth sessions` and `end-session`: where a person is signed in. */
import { argument, type Invocation, text } from "../invocation.ts";
import { wholeNumber } from "../options.ts";
import { showList } from "../output/show.ts";

export async function list(invocation: Invocation): Promise<undefined> {
  const sessions = await invocation.api().call("listSessions", {
    query: {
      page: wholeNumber("--page", text(invocation, "page") ?? "1"),
      per_page: wholeNumber("--per-page", text(invocation, "perPage") ?? "50"),
    },
  });
  showList(invocation, sessions, {
    columns: [
      { title: "ID", value: ({ id }) => id },
      {
        title: "CLIENT",
        value: ({ user_agent, current }) => `${user_agent ?? "unknown"}${current ? " (this one)" : ""}`,
      },
      { title: "SINCE", value: ({ created_at }) => created_at },
      { title: "LAST USED", value: ({ refreshed_at }) => refreshed_at },
    ],
    name: ({ id }) => id,
    nothing: "You are signed in nowhere: API keys need no session.",
  });
  return undefined;
}

export async function end(invocation: Invocation): Promise<undefined> {
  const session = await invocation.api().call("endSession", { path: { session_id: argument(invocation, 0) } });
  invocation.output.data(session, { names: () => [session.id], table: () => `Session ${session.id} is ended.\n` });
  return undefined;
}
