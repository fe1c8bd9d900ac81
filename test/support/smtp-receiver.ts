/** A real SMTP server within the test: takes mails, or does not. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";

export interface SmtpReceiver {
  url: string;
  /** What was taken: to whom, and the message as it came. */
  taken: { to: string[]; raw: string }[];
  /** Answers each message with this code; undefined takes it. */
  refuse: number | undefined;
  close(): Promise<void>;
}

/** @param port a port that was used before; the system chooses one when left out */
export async function startSmtpReceiver(port = 0): Promise<SmtpReceiver> {
  const receiver: SmtpReceiver = { url: "", taken: [], refuse: undefined, close };
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        if (receiver.refuse !== undefined) {
          done(Object.assign(new Error("Not taken"), { responseCode: receiver.refuse }));
          return;
        }
        const to = session.envelope.rcptTo.map(({ address }) => address);
        receiver.taken.push({ to, raw: Buffer.concat(chunks).toString("utf8") });
        done();
      });
    },
  });
  server.on("error", () => undefined);
  server.listen(port, "127.0.0.1");
  await once(server.server, "listening");
  receiver.url = `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
  return receiver;

  async function close() {
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}
