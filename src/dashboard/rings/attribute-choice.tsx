import type { RingAttribute } from "../../model/source-tree.ts";
import { ATTRIBUTE_WORDS } from "../../rings/attribute-words.ts";

interface ChoiceProps {
  readonly attribute: RingAttribute;
  /** Those that there are, in words. */
  readonly words?: Partial<typeof ATTRIBUTE_WORDS>;
  readonly onAttribute: (attribute: RingAttribute) => void;
}

/** What the rings are of: trace_analyze's names, as `report -a` has them. */
export function AttributeChoice({ attribute, words = ATTRIBUTE_WORDS, onAttribute }: ChoiceProps) {
  const choices = Object.keys(words) as readonly RingAttribute[];
  return (
    <label class="rings-attribute">
      <span class="visually-hidden">What the rings show</span>
      <select
        value={attribute}
        data-testid="rings-attribute"
        onChange={({ currentTarget }) => {
          const chosen = choices.find((known) => known === currentTarget.value);
          if (chosen !== undefined) onAttribute(chosen);
        }}
      >
        {choices.map((name) => (
          <option key={name} value={name} title={words[name]?.title}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
