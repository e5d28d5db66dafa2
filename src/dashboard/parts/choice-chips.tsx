interface ChoiceChipsProps<T extends string> {
  /** What is chosen, for who hears it: "Show the callers as". */
  readonly label: string;
  readonly choices: readonly T[];
  readonly chosen: T;
  readonly words: Readonly<Record<T, string>>;
  readonly hints?: Readonly<Record<T, string>>;
  /** Each button carries its choice under `data-` and this. */
  readonly data: string;
  readonly onChoose: (choice: T) => void;
}

/** One of a few, as buttons that stay pressed. */
export function ChoiceChips<T extends string>(props: ChoiceChipsProps<T>) {
  const { label, choices, chosen, words, hints, data, onChoose } = props;
  return (
    <div class="views" role="group" aria-label={label}>
      {choices.map((choice) => (
        <button
          key={choice}
          type="button"
          class="chip"
          aria-pressed={chosen === choice}
          {...{ [`data-${data}`]: choice }}
          title={hints?.[choice]}
          onClick={() => onChoose(choice)}
        >
          {words[choice]}
        </button>
      ))}
    </div>
  );
}
