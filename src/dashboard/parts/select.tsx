import { useMemo } from "preact/hooks";
import { humanBytes } from "../format/bytes.ts";

export interface SelectChoice {
  readonly name: string;
  /** What is shown of it; its name where absent. */
  readonly label?: string;
  readonly netBytes: number;
}

interface SelectProps {
  readonly id: string;
  readonly label: string;
  readonly all: string;
  readonly value: string;
  readonly choices: readonly SelectChoice[];
  readonly onChoice: (name: string) => void;
}

/** One of many, each with what it holds. */
export function Select({ id, label, all, value, choices, onChoice }: SelectProps) {
  const isKnown = value === "" || choices.some(({ name }) => name === value);
  // There may be hundreds, and they change seldom: the same elements are not looked into.
  const options = useMemo(
    () =>
      choices.map(({ name, label: shown = name, netBytes }) => (
        <option key={name} value={name}>
          {shown} · {humanBytes(netBytes)}
        </option>
      )),
    [choices],
  );
  return (
    <label class="choice">
      <span class="visually-hidden">{label}</span>
      <select
        value={value}
        data-testid={`filter-${id}`}
        onChange={({ currentTarget }) => onChoice(currentTarget.value)}
      >
        <option value="">{all}</option>
        {!isKnown && <option value={value}>{value}: nothing</option>}
        {options}
      </select>
    </label>
  );
}
