/** The options every command has. */
import type { OptionSpec } from "./command-spec.ts";
import { outputFormats } from "./output/formats.ts";

export const globalOptions: readonly OptionSpec[] = [
  { flags: "-o, --output <format>", description: "how the result is printed", choices: outputFormats },
  { flags: "-q, --quiet", description: "print ids only, no talk" },
  { flags: "--context <name>", description: "use this context (see 'onvera context')" },
  { flags: "--api-url <url>", description: "address of the Onvera API" },
  { flags: "--no-color", description: "no colours (so does NO_COLOR)" },
  { flags: "--debug", description: "show requests and stack traces" },
];
