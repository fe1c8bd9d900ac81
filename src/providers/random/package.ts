/** Substitute for the parts of the official `random` plugin that our programs use. */
import type { ProviderPackage } from "../host/provider-package.ts";
import { randomPassword, randomString } from "./text-handlers.ts";
import { randomId, randomInteger, randomUuid } from "./value-handlers.ts";

export const randomPackage: ProviderPackage = {
  name: "random",
  version: "4.21.2",
  handlers: [randomPassword, randomString, randomId, randomUuid, randomInteger],
};
