export { exactBytes, humanBytes } from "../../format/bytes.ts";
