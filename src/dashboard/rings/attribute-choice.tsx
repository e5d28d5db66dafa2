import type { RingAttribute } from "../../model/source-tree.ts";
import { ATTRIBUTE_WORDS } from "../../rings/attribute-words.ts";

const ATTRIBUTES = Object.keys(ATTRIBUTE_WORDS) as readonly RingAttribute[];

interface ChoiceProps {
  readonly attribute: RingAttribute;
  readonly onAttribute: (attribute: RingAttribute) => void;
}

/** What the rings are of: trace_analyze's names, as `report -a` has them. */
export function AttributeChoice({ attribute, onAttribute }: ChoiceProps) {
  return (
    <label class="rings-attribute">
      <span class="visually-hidden">What the rings show</span>
      <select
        value={attribute}
        data-testid="rings-attribute"
        onChange={({ currentTarget }) => {
          const chosen = ATTRIBUTES.find((known) => known === currentTarget.value);
          if (chosen !== undefined) onAttribute(chosen);
        }}
      >
        {ATTRIBUTES.map((name) => (
          <option key={name} value={name} title={ATTRIBUTE_WORDS[name].title}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
