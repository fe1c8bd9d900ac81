/** A form in a dialogue: what went wrong, its fields, and the button that sends it. */
import { Button, Group, Stack } from "@mantine/core";
import type { FormEvent, ReactNode } from "react";
import { Failure } from "./states.tsx";

interface FormShellProps {
  /** What sends it; it takes nothing, because the fields' values are the form's own. */
  sending: { error: unknown; isPending: boolean; mutate(variables: undefined): void };
  submit: string;
  /** False while something that is needed is missing. */
  isComplete: boolean;
  children: ReactNode;
}

export function FormShell({ sending, submit, isComplete, children }: FormShellProps) {
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    sending.mutate(undefined);
  };
  return (
    <form onSubmit={onSubmit}>
      <Stack>
        {sending.error != null && <Failure error={sending.error} />}
        {children}
        <Group justify="flex-end">
          <Button type="submit" loading={sending.isPending} disabled={!isComplete}>
            {submit}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
