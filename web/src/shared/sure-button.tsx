/** A button for what cannot be taken back: pressed once it asks, pressed again it does. */
import { Button } from "@mantine/core";
import { useState } from "react";

interface SureButtonProps {
  label: string;
  /** What the second press does, in words. */
  sure: string;
  isBusy: boolean;
  isDisabled?: boolean;
  onSure(): void;
}

export function SureButton({ label, sure, isBusy, isDisabled = false, onSure }: SureButtonProps) {
  const [isAsked, setAsked] = useState(false);
  return (
    <Button
      size="xs"
      variant={isAsked ? "filled" : "default"}
      color={isAsked ? "red" : undefined}
      loading={isBusy}
      disabled={isDisabled}
      onClick={() => {
        if (isAsked) onSure();
        setAsked(!isAsked);
      }}
      onBlur={() => setAsked(false)}
    >
      {isAsked ? sure : label}
    </Button>
  );
}
