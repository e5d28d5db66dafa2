import { Dialog } from "../parts/dialog.tsx";
import { KEYS, PART_KEYS } from "./key-map.ts";

export function Help({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title="Keys" testId="help" onClose={onClose}>
      <div class="help">
        <dl>
          {KEYS.map(({ keys, does }) => (
            <div key={does}>
              <dt>
                {keys.map((key) => (
                  <kbd key={key}>{key === "Escape" ? "Esc" : key}</kbd>
                ))}
              </dt>
              <dd>{does}</dd>
            </div>
          ))}
        </dl>
        {PART_KEYS.map(({ part, keys }) => (
          <section key={part} aria-label={part}>
            <h3>in the {part}</h3>
            <dl>
              {keys.map(([key, does]) => (
                <div key={key}>
                  <dt>
                    <kbd>{key}</kbd>
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
