/** Section: speed counts only when all who make an account make the same one, in every figure of every call site. */

/** Whose word is taken: the short and independent one. Without it, the first that was measured. */
const REFERENCE = "node";
const SHOWN_DIFFERENCES = 5;

/** @type {import('./index.mjs').Section} */
export const agreement = {
  name: "agreement of the accounts",
  async run({ accounts }) {
    const reference = accounts.has(REFERENCE) ? REFERENCE : accounts.keys().next().value;
    const others = [...accounts.keys()].filter((id) => id !== reference);
    if (others.length === 0)
      return { data: [], measures: {}, failed: false, report: "fewer than two accounts: nothing to compare" };
    const data = others.map((id) => ({
      id,
      reference,
      differences: differences(accounts.get(reference), accounts.get(id)),
    }));
    return {
      data,
      measures: {},
      failed: data.some((result) => result.differences.length > 0),
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

function describe({ id, reference, differences: found }) {
  if (found.length === 0) return `${id}: equal to ${reference} in all totals and call sites`;
  const shown = found.slice(0, SHOWN_DIFFERENCES).map((difference) => `    ${difference}`);
  return [`${id}: DIFFERENT from ${reference} in ${found.length} figures`, ...shown].join("\n");
}
