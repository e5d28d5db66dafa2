/** The choices beside the words: directory and module, each with what it holds. */
import { useMemo } from "preact/hooks";
import { type CallerKind, isKind } from "../../model/caller-filter.ts";
import type { CallerRow } from "../../model/snapshot.ts";
import { humanBytes } from "../format/bytes.ts";
import { inside } from "../inside/inside.ts";
import { type CallerFilter, sizesOf, directoriesOf, modulesOf, NO_FILTER } from "./filter-callers.ts";
import { Select } from "../parts/select.tsx";
import { useSteady } from "../rings/use-steady.ts";

interface FiltersProps {
  readonly callers: ReadonlyMap<string, CallerRow>;
  readonly filter: CallerFilter;
  readonly onFilter: (filter: CallerFilter) => void;
}

/** A list that is open must not be made anew with every update. */
const CHOICES_MS = 5000;
const MOST_SIZES = 24;

export function CallersFilters({ callers, filter, onFilter }: FiltersProps) {
  const held = useSteady(callers, false, CHOICES_MS);
  // Of a link's window nothing is known at first: there is no list to hold still.
  const steady = held.size === 0 ? callers : held;
  const directories = useMemo(() => directoriesOf(steady.values()), [steady]);
  const modules = useMemo(() => modulesOf(steady.values()), [steady]);
  const { directory, module, kind } = filter;
  return (
    <>
      {(directories.length > 0 || directory !== "") && (
        <Select
          id="directory"
          all="all directories"
          label="Directory"
          value={directory}
          choices={directories}
          onChoice={(name) => onFilter({ ...filter, directory: name })}
        />
      )}
      {(modules.length > 1 || module !== "") && (
        <Select
          id="module"
          all="all modules"
          label="Module"
          value={module}
          choices={modules}
          onChoice={(name) => onFilter({ ...filter, module: name })}
        />
      )}
      <KindSelect kind={kind} onKind={(next) => onFilter({ ...filter, kind: next })} />
      {(directory !== "" || module !== "" || kind !== "") && (
        <button type="button" class="chip" onClick={() => onFilter({ ...NO_FILTER, text: filter.text })}>
          All callers
        </button>
      )}
    </>
  );
}

/** Sizes are listed once they are known: when a row or this choice asked for them. */
function KindSelect({
  kind,
  onKind,
}: {
  readonly kind: CallerKind | "";
  readonly onKind: (kind: CallerKind | "") => void;
}) {
  const { objects } = inside.value;
  const sizes = useMemo(
    () => (objects.state === "known" ? sizesOf(objects.value).slice(0, MOST_SIZES) : []),
    [objects],
  );
  const isListed =
    kind === "" ||
    kind === "kmalloc" ||
    kind === "cache" ||
    sizes.some(({ bytesAlloc }) => String(bytesAlloc) === kind);
  return (
    <label class="choice">
      <span class="visually-hidden">Kind of live objects</span>
      <select
        value={kind}
        data-testid="filter-kind"
        onChange={({ currentTarget: { value } }) => onKind(isKind(value) ? value : "")}
      >
        <option value="">all kinds</option>
        <option value="kmalloc">by kmalloc</option>
        <option value="cache">of a cache</option>
        {!isListed && <option value={kind}>{kind} bytes</option>}
        {sizes.map(({ bytesAlloc, bytes }) => (
          <option key={bytesAlloc} value={String(bytesAlloc)}>
            {bytesAlloc} bytes · {humanBytes(bytes)}
          </option>
        ))}
      </select>
    </label>
  );
}
