/** The way mails leave: one SMTP server, named by the operator. */
import { createTransport } from "nodemailer";
import type { MailText } from "../../domain/invitation-mail.ts";

export interface MailSettings {
  /** `smtp://user:password@host:port` or `smtps://…`. */
  url: string;
  /** Who mails come from: an address, or `Name <address>`. */
  from: string;
  /** Where people reach the dashboard; links begin with it. */
  dashboardUrl: string;
  /** How long one step of talking to the server may take. */
  timeoutMilliseconds: number;
}

export interface MailTransport {
  /** @throws Error, with the server's `responseCode` where it answered */
  send(to: string, mail: MailText): Promise<void>;
  /** Connects and signs in, and sends nothing. @throws Error in the server's words */
  verify(): Promise<void>;
}

/** Nothing is connected until the first mail. */
export function openMailTransport({ url, from, timeoutMilliseconds }: MailSettings): MailTransport {
  const transport = createTransport(
    {
      url,
      connectionTimeout: timeoutMilliseconds,
      greetingTimeout: timeoutMilliseconds,
      socketTimeout: timeoutMilliseconds,
      dnsTimeout: timeoutMilliseconds,
      disableFileAccess: true,
      disableUrlAccess: true,
    },
    { from },
  );
  return {
    async send(address, { subject, text, html }) {
      // As an object, so that an address is never read as a list of several.
      await transport.sendMail({ to: { name: "", address }, subject, text, html });
    },
    async verify() {
      await transport.verify();
    },
  };
}
