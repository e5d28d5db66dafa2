/** Call sites of modules that have gone, named by what was read while they were there. */
import { describe, expect, it } from "vitest";
import { ModuleSymbols } from "../../src/capture/module-symbols.ts";

const FAT = " ffffffffc028d000:fat_fill_super:[fat] ffffffffc028dc70:fat_alloc:[fat] ffffffffc028e000:fat_last:[fat]";

function symbolsOf(...readings: string[]): ModuleSymbols {
  const symbols = new ModuleSymbols();
  for (const text of readings) {
    symbols.hear(text);
    symbols.readingDone();
  }
  return symbols;
}

describe("a bare address", () => {
  it("is named as the kernel would have, by the function that it is in", () => {
    const symbols = symbolsOf(FAT);
    expect(symbols.resolve("0xffffffffc028d533")).toBe("fat_fill_super+0x533/0xc70 [fat]");
    expect(symbols.resolve("ffffffffc028d000")).toBe("fat_fill_super+0x0/0xc70 [fat]");
    expect(symbols.resolve("0xffffffffc028dc6f")).toBe("fat_fill_super+0xc6f/0xc70 [fat]");
    expect(symbols.resolve("0xffffffffc028dc70")).toBe("fat_alloc+0x0/0x390 [fat]");
  });

  it("behind the last function of a module is its, but not for ever", () => {
    const symbols = symbolsOf(FAT);
    expect(symbols.resolve("0xffffffffc028e010")).toBe("fat_last+0x10 [fat]");
    expect(symbols.resolve("0xffffffffc0299000")).toBe("0xffffffffc0299000");
  });

  it("before every symbol, and what is no address, stay as they are", () => {
    const symbols = symbolsOf(FAT);
    for (const text of ["0xffffffffc028cfff", "tty_open+0x58/0x6e0", "0x12", "", "zzzzzzzz"])
      expect(symbols.resolve(text)).toBe(text);
    expect(new ModuleSymbols().resolve("0xffffffffc028d533")).toBe("0xffffffffc028d533");
  });

  it("of a 32-bit kernel is named, too; its own functions above the modules are not", () => {
    const symbols = symbolsOf(" bf000000:fat_fill_super:[fat] bf000200:fat_last:[fat]");
    expect(symbols.resolve("0xbf000123")).toBe("fat_fill_super+0x123/0x200 [fat]");
    expect(symbols.resolve("c0123456")).toBe("c0123456");
  });

  it("between the text and the init section of a module is in neither", () => {
    const symbols = symbolsOf(`${FAT} ffffffffc0390000:init_fat:[fat] ffffffffc0390100:init_more:[fat]`);
    expect(symbols.resolve("0xffffffffc0340000")).toBe("0xffffffffc0340000");
    expect(symbols.resolve("0xffffffffc0390010")).toBe("init_fat+0x10/0x100 [fat]");
  });
});

describe("a module that is loaded again elsewhere", () => {
  const moved = " ffffffffc0400000:fat_fill_super:[fat] ffffffffc0400c70:fat_alloc:[fat]";

  it("is known at both places", () => {
    const symbols = symbolsOf(FAT, moved);
    expect(symbols.resolve("0xffffffffc0400010")).toBe("fat_fill_super+0x10/0xc70 [fat]");
    expect(symbols.resolve("0xffffffffc028d533")).toBe("fat_fill_super+0x533/0xc70 [fat]");
  });

  it("leaves its place to another, whose functions are meant from then on", () => {
    const symbols = symbolsOf(FAT, " ffffffffc028d800:ext4_big:[ext4] ffffffffc028e800:ext4_next:[ext4]");
    // Where the old module's function was, within the new one's.
    expect(symbols.resolve("0xffffffffc028dc80")).toBe("ext4_big+0x480/0x1000 [ext4]");
    expect(symbols.resolve("0xffffffffc028d010")).toBe("fat_fill_super+0x10/0xc70 [fat]");
    // What is still loaded at the next reading is the newest again.
    symbols.hear(FAT);
    expect(symbols.resolve("0xffffffffc028dc80")).toBe("fat_alloc+0x10/0x390 [fat]");
  });

  it("does not grow what is kept when it is read again and again", () => {
    expect(symbolsOf(...Array.from({ length: 100 }, () => FAT)).size).toBe(3);
  });
});

describe("what is sent", () => {
  it("counts only where it is a symbol of a module with its address", () => {
    const symbols = new ModuleSymbols();
    symbols.hear(" 0000000000000000:hidden:[fat] xyz:a:[fat] ffffffffc0000000:a ffffffffc0000000::[fat] [fat]  ");
    expect(symbols.size).toBe(0);
    symbols.hear(" ffffffffc0000000:__ksymtab.x$1:[nf_tables]");
    expect(symbols.resolve("ffffffffc0000001")).toBe("__ksymtab.x$1+0x1 [nf_tables]");
  });
});
