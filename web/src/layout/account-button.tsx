/** Who is signed in, as a button; its menu is loaded when it is wanted first. */
import { Avatar, UnstyledButton, type UnstyledButtonProps } from "@mantine/core";
import { type ComponentPropsWithRef, lazy, Suspense, useState } from "react";
import { useCaller } from "../session/use-caller.ts";

const AccountMenu = lazy(() => import("./account-menu.tsx").then((module) => ({ default: module.AccountMenu })));

export function AccountButton() {
  const [isWanted, setWanted] = useState(false);
  const closed = <Face onClick={() => setWanted(true)} aria-haspopup="menu" aria-expanded={false} />;
  if (!isWanted) return closed;
  return (
    <Suspense fallback={closed}>
      <AccountMenu>
        <Face />
      </AccountMenu>
    </Suspense>
  );
}

function Face(props: UnstyledButtonProps & ComponentPropsWithRef<"button">) {
  const { caller } = useCaller();
  const name = caller?.user.name ?? "";
  return (
    <UnstyledButton {...props} aria-label={`Account of ${name}`}>
      <Avatar name={name} color="indigo" radius="xl" alt="" />
    </UnstyledButton>
  );
}
