/** Invitations by mail, through a real SMTP server that takes them, is down, slow, or refuses (issue 6). */
import { createServer, type Server } from "node:net";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { startMailer } from "../../src/server/mail/mailer.ts";
import { startTestServer, type TestServer } from "../support/http.ts";
import { type SmtpReceiver, startSmtpReceiver } from "../support/smtp-receiver.ts";
import { until } from "../support/until.ts";

let server: TestServer;
let key: string;
let organizationId: string;
let mailer: ReturnType<typeof startMailer> | undefined;
let unique = 0;

beforeAll(async () => {
  server = await startTestServer({ mail: { dashboardUrl: "https://onvera.acme.test" } });
  ({ organizationId, ownerKey: key } = await server.addOrganization());
});
afterEach(async () => {
  await mailer?.stop();
  mailer = undefined;
});
afterAll(() => server.close());

const invite = async (email = `guest-${unique++}@example.test`) =>
  (await server.call("POST", "/api/v1/invitations", { key, body: { email } })).body.data;
const invitation = async (id: string) => {
  const { items } = (await server.call("GET", "/api/v1/invitations", { key })).body.data;
  return items.find((item: { id: string }) => item.id === id);
};
const reaches = (id: string, status: string) =>
  until(async () => (await invitation(id)).mail_status === status, `the mail is ${status}`);
const send = (url: string, timeoutMilliseconds = 2000) => {
  mailer = startMailer({
    store: server.store,
    dataKeys: server.deps.dataKeys,
    log: server.deps.log,
    settings: { url, from: "Onvera <onvera@acme.test>", dashboardUrl: "", timeoutMilliseconds },
    delaysSeconds: Array.from({ length: 50 }, () => 0.05),
    lookMilliseconds: 20,
  });
};
/** Undoes quoted-printable, in which long lines are broken. */
const plain = (raw: string) => raw.replace(/=\r\n/g, "").replaceAll("=3D", "=");

it("an invitation's link goes to the address by mail and is shown to nobody; it works once", async () => {
  const receiver = await startSmtpReceiver();
  const created = await invite();
  expect(created).toMatchObject({ token: null, mail_status: "pending" });
  send(receiver.url);
  await reaches(created.id, "sent");
  const [mail] = receiver.taken;
  expect(mail?.to).toEqual([created.email]);
  const [, token = ""] = /https:\/\/onvera\.acme\.test\/join#(onv_inv_[\w-]+)/.exec(plain(mail?.raw ?? "")) ?? [];
  const body = { token, password: "vivid-otter-kneads-lamp" };
  expect((await server.call("POST", "/api/v1/invitations/accept", { body })).status).toBe(200);
  const rows = await server.store.asPlatform((db) => db.selectFrom("mails").selectAll().execute());
  expect(rows.map(({ sealed }) => sealed)).toEqual([null]);
  await receiver.close();
});

it("a server that is down loses no mail: it is sent once the server is back, also by another mailer", async () => {
  const gone = await startSmtpReceiver();
  await gone.close();
  const created = await invite();
  send(gone.url);
  await until(async () => (await invitation(created.id)).mail_error !== null, "a try has failed");
  await mailer?.stop();
  const back = await startSmtpReceiver(Number(new URL(gone.url).port));
  send(back.url);
  await reaches(created.id, "sent");
  expect(back.taken.map(({ to }) => to)).toEqual([[created.email]]);
  expect((await invitation(created.id)).mail_error).toBeNull();
  await back.close();
});

it("a server that says nothing holds no request up, and the mail waits", async () => {
  const silent: Server = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  send(`smtp://127.0.0.1:${(silent.address() as { port: number }).port}`, 300);
  const connected = new Promise((resolve) => silent.once("connection", resolve));
  const first = await invite();
  await connected;
  // The mailer is waiting for a greeting now, and requests are answered all the same.
  const second = await invite();
  expect(second.mail_status).toBe("pending");
  await until(
    async () => /greeting|timeout/i.test((await invitation(first.id)).mail_error ?? ""),
    "it gave up waiting for a greeting",
  );
  expect((await invitation(first.id)).mail_status).toBe("pending");
  await mailer?.stop();
  silent.close();
  for (const { id } of [first, second]) await server.call("DELETE", `/api/v1/invitations/${id}`, { key });
});

it("a server that refuses for good ends the tries; one that refuses for now is asked again", async () => {
  const receiver: SmtpReceiver = await startSmtpReceiver();
  receiver.refuse = 550;
  const created = await invite();
  send(receiver.url);
  await reaches(created.id, "failed");
  expect((await invitation(created.id)).mail_error).toContain("Not taken");
  receiver.refuse = 451;
  const later = await invite();
  await until(async () => (await invitation(later.id)).mail_error !== null, "a try has failed");
  expect((await invitation(later.id)).mail_status).toBe("pending");
  receiver.refuse = undefined;
  await reaches(later.id, "sent");
  await receiver.close();
});

it("a withdrawn invitation's mail is not sent any more", async () => {
  const receiver = await startSmtpReceiver();
  const created = await invite();
  await server.call("DELETE", `/api/v1/invitations/${created.id}`, { key });
  send(receiver.url);
  await reaches(created.id, "failed");
  expect(receiver.taken).toEqual([]);
  await receiver.close();
});

it("hostile names and addresses add no header and no recipient (R11)", async () => {
  const receiver = await startSmtpReceiver();
  await server.store.asPlatform((db) =>
    db
      .updateTable("organizations")
      .set({ name: "Acme\r\nBcc: all@acme.test\r\n\r\n<script>" })
      .where("id", "=", organizationId)
      .execute(),
  );
  send(receiver.url);
  const created = await invite();
  await reaches(created.id, "sent");
  const [{ to, raw } = { to: [], raw: "" }] = receiver.taken;
  expect(to).toEqual([created.email]);
  const headers = raw.split("\r\n\r\n")[0] ?? "";
  expect(headers.split("\r\n").filter((line) => /^bcc:/i.test(line))).toEqual([]);
  const html = plain(raw.slice(raw.indexOf("text/html")));
  expect(html).toContain("&lt;script&gt;");
  expect(html).not.toContain("<script>");
  for (const email of ["a@b.test, c@d.test", "a@b.test\r\nBcc: c@d.test", "Ann <a@b.test>"]) {
    expect((await server.call("POST", "/api/v1/invitations", { key, body: { email } })).status).toBe(400);
  }
  await receiver.close();
});
