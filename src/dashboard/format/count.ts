export { formatCount, formatShare, plural } from "../../format/count.ts";
