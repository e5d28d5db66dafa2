export { formatSmallSpan, stepsInWords } from "../../format/span.ts";
