/** Asks for the token, where the server lets nobody in without. */
import { useState } from "preact/hooks";
import { Icon } from "./icon.tsx";

export function TokenForm({ why, onToken }: { readonly why: string; readonly onToken: (token: string) => void }) {
  const [token, setToken] = useState("");
  return (
    <form
      class="notice"
      data-testid="token"
      onSubmit={(event) => {
        event.preventDefault();
        onToken(token.trim());
      }}
    >
      <Icon name="unplugged" />
      <p>
        <label for="token">
          <b role="status">This kmemtap wants a token.</b> {why}
        </label>
      </p>
      <input
        id="token"
        type="password"
        autocomplete="current-password"
        required
        value={token}
        onInput={(event) => setToken(event.currentTarget.value)}
      />
      <button type="submit">Connect</button>
    </form>
  );
}
