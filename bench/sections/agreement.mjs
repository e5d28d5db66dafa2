/** Section: speed counts only when all who make an account make the same one, in every figure of every call site. */

/** Whose word is taken: the short and independent one. Without it, the first that was measured. */
const REFERENCE = "node";
const SHOWN_DIFFERENCES = 5;
/** Who reads pointers as they are; text may have the kernel's hashes of them, of 32 bits. */
const REAL_POINTERS = "kmemtap-raw";
/** Of some hundred thousand addresses a few pairs have the same hash. */
const MOST_COLLISIONS = 16;
/** What another object at a place that was not free yet changes. */
const COLLIDING = /: (?:impliedFrees|frees|unmatchedFrees|net\w+|wasteBytes|peakNetBytes|liveObjects) /;

/** @type {import('./index.mjs').Section} */
export const agreement = {
  name: "agreement of the accounts",
  async run({ accounts, input }) {
    const isHashed = input.facts?.options?.pointers === "hashed";
    const reference = accounts.has(REFERENCE) ? REFERENCE : accounts.keys().next().value;
    const others = [...accounts.keys()].filter((id) => id !== reference);
    if (others.length === 0)
      return { data: [], measures: {}, failed: false, report: "fewer than two accounts: nothing to compare" };
    const data = others.map((id) => {
      const found = differences(accounts.get(reference), accounts.get(id));
      const implied = (of) => accounts.get(of).totals.impliedFrees;
      const more = isHashed && id === REAL_POINTERS ? implied(reference) - implied(id) : 0;
      const collisions = more <= MOST_COLLISIONS && found.every((text) => COLLIDING.test(text)) ? more : 0;
      return { id, reference, differences: found, collisions };
    });
    return {
      data,
      measures: {},
      failed: data.some(({ differences: found, collisions }) => found.length > 0 && !(collisions > 0)),
      report: data.map(describe).join("\n"),
    };
  },
};

/**
 * Every figure that both have. A call site that only one has is a difference.
 * @param {import('../peers/index.mjs').Account} expected
 * @param {import('../peers/index.mjs').Account} actual
 * @returns {string[]} empty: equal
 */
export function differences(expected, actual) {
  const found = compare("total", expected.totals, actual.totals);
  for (const callSite of new Set([...expected.sites.keys(), ...actual.sites.keys()])) {
    const [site, other] = [expected.sites.get(callSite), actual.sites.get(callSite)];
    if (site === undefined) found.push(`${callSite}: unexpected call site`);
    else if (other === undefined) found.push(`${callSite}: call site missing`);
    else found.push(...compare(callSite, site, other));
  }
  return found;
}

function compare(where, expected, actual) {
  return Object.keys(expected)
    .filter((key) => key in actual && actual[key] !== expected[key])
    .map((key) => `${where}: ${key} ${actual[key]} instead of ${expected[key]}`);
}

function describe({ id, reference, differences: found, collisions }) {
  if (found.length === 0) return `${id}: equal to ${reference} in all totals and call sites`;
  if (collisions > 0)
    return `${id}: equal to ${reference} but for ${collisions} objects whose hashed pointers are another's, too (--real-pointers has none)`;
  const shown = found.slice(0, SHOWN_DIFFERENCES).map((difference) => `    ${difference}`);
  return [`${id}: DIFFERENT from ${reference} in ${found.length} figures`, ...shown].join("\n");
}
