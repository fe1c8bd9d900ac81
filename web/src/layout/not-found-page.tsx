/** For an address there is no page at. */
import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { Empty } from "../shared/states.tsx";

export function NotFoundPage() {
  return (
    <Empty
      title="There is no such page"
      action={
        <Button component={Link} to="/deployments" variant="default">
          To the deployments
        </Button>
      }
    >
      The address may be mistyped, or what it named was removed.
    </Empty>
  );
}
