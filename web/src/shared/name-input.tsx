/** The name of something new: the first field of a dialogue, where typing begins. */
import { TextInput } from "@mantine/core";

export function NameInput({ value, onChange }: { value: string; onChange(value: string): void }) {
  return (
    <TextInput
      label="Name"
      required
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      data-autofocus
    />
  );
}
