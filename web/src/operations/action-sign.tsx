/** What happens to a resource as `pulumi` signs it: + ~ - ±. */
import { Text } from "@mantine/core";

const signs: Readonly<Record<string, { sign: string; color: string }>> = {
  create: { sign: "+", color: "teal" },
  update: { sign: "~", color: "yellow" },
  delete: { sign: "-", color: "red" },
  replace: { sign: "±", color: "grape" },
};

export function ActionSign({ action }: { action: string }) {
  const known = signs[action];
  return (
    <Text component="span" fw={700} ff="monospace" c={known?.color} title={action}>
      {known?.sign ?? ""}
    </Text>
  );
}
