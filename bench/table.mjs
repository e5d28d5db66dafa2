/** Plain text tables: the first column to the left, figures to the right. */

/**
 * @param {string[]} header
 * @param {string[][]} rows
 * @param {{ leftColumns?: number }} [options]
 */
export function table(header, rows, { leftColumns = 1 } = {}) {
  const widths = header.map((_, column) => Math.max(...[header, ...rows].map((row) => row[column].length)));
  const line = (row) =>
    row
      .map((cell, column) => (column < leftColumns ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
      .join("  ")
      .trimEnd();
  return [line(header), widths.map((width) => "─".repeat(width)).join("  "), ...rows.map(line)].join("\n");
}

/** Three significant digits, as measurements of this kind carry; `–` for what there is not. */
export function figure(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (value >= 1000) return Math.round(value).toString();
  return value === 0 ? "0" : Number(value.toPrecision(3)).toString();
}
