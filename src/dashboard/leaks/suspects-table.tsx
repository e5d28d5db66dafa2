import { Sparkline } from "../chart/sparkline.tsx";
import { exactBytes, humanBytes } from "../format/bytes.ts";
import { plural } from "../format/count.ts";
import type { Suspect } from "./suspects.ts";

const MOST = 50;

interface SuspectsTableProps {
  readonly suspects: readonly Suspect[];
  readonly exact: boolean;
}

export function SuspectsTable({ suspects, exact }: SuspectsTableProps) {
  const about = exact ? "" : "≈ ";
  return (
    <table class="plain" data-testid="suspects">
      <thead>
        <tr>
          <th scope="col">caller</th>
          <th scope="col">grown</th>
          <th scope="col">a second</th>
          <th scope="col">holds</th>
          <th scope="col" title="at how many moments it held more than at the one before">
            rose at
          </th>
          <th scope="col">how it went</th>
        </tr>
      </thead>
      <tbody>
        {suspects.slice(0, MOST).map(({ row, grownBytes, bytesPerSecond, roseIn, steps, net }) => (
          <tr key={row.callSite} data-suspect={row.callSite}>
            <th scope="row">
              <code>{row.caller}</code>
            </th>
            <td title={exactBytes(grownBytes)}>
              {about}+{humanBytes(grownBytes)}
            </td>
            <td>
              {about}
              {humanBytes(bytesPerSecond)}/s
            </td>
            <td>
              {about}
              {humanBytes(row.netBytes)}
            </td>
            <td>
              {roseIn} of {plural(steps, "moment")}
            </td>
            <td>
              <Sparkline points={net} width={120} height={20} label={`net of ${row.caller}`} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
