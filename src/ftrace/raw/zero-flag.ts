/**
 * Which bit of `gfp_flags` asks for zeroed memory: it is another from kernel to kernel (0x8000 in 4.9, 0x100 in 5.10), and an event's
 * `print fmt` tells it, in an expression of C (include/trace/events/mmflags.h):
 *
 *     {(unsigned long)(( gfp_t)0x8000u), "GFP_ZERO"}
 *     {( unsigned long)(( gfp_t)((((1UL))) << (8))), "__GFP_ZERO"}
 */
const ZERO_FLAG = /\{([^{}",]*),\s*"(?:__)?GFP_ZERO"\s*\}/;
const CASTS_AND_BRACKETS = /\(\s*(?:unsigned long|gfp_t)\s*\)|[()\s]/g;
const VALUE = /^(?:1U?L*<<(\d+)|(0x[\da-f]+|\d+)U?L*)$/i;

/** 0 where the text does not tell, as where its value is an enum's name, which a format does not always explain. */
export function zeroFlagOf(format: string): number {
  const written = ZERO_FLAG.exec(format)?.[1].replace(CASTS_AND_BRACKETS, "") ?? "";
  const match = VALUE.exec(written);
  const shift = match?.at(1);
  const value = shift === undefined ? Number(match?.at(2) ?? 0) : 2 ** Number(shift);
  // A flag is one bit of a word.
  return value > 0 && value < 2 ** 31 && Number.isInteger(Math.log2(value)) ? value : 0;
}
