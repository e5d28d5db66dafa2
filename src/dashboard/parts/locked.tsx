/** All of the page before one may look: the form that asks for the token. */
import { unlock } from "../state/session.ts";
import { Brand } from "./brand.tsx";
import { TokenForm } from "./token-form.tsx";

interface LockedProps {
  /** In a line, why the server did not let in. */
  readonly why: string;
  readonly version: string | null;
}

export function Locked({ why, version }: LockedProps) {
  return (
    <main class="locked">
      <Brand version={version} />
      <TokenForm why={why} onToken={unlock} />
    </main>
  );
}
