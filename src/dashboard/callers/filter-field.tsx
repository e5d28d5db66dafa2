import { NO_FILTER } from "./filter-callers.ts";
import { changeView, view } from "../view/view-store.ts";

/** For the key that leads to it. */
export const FILTER_ID = "filter";

/** Words that the callers must have; the same in every view of them. */
interface FieldProps {
  /** What the words are of, for who hears it: "callers". */
  readonly of: string;
  readonly example: string;
}

export function FilterField({ of, example }: FieldProps) {
  const { filter } = view.value;
  const change = (text: string) => changeView({ filter: { ...filter, text } });
  return (
    <label class="filter">
      <span class="visually-hidden">Filter {of}</span>
      <input
        id={FILTER_ID}
        type="search"
        placeholder={`filter: ${example}`}
        autocomplete="off"
        spellcheck={false}
        value={filter.text}
        data-testid="filter"
        onInput={(event) => change(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") change(NO_FILTER.text);
        }}
      />
      <kbd aria-hidden="true">/</kbd>
    </label>
  );
}
