/** /proc/kallsyms, and what the kernel itself would print for an address. */
import { describe, expect, it } from "vitest";
import { KernelSymbols } from "../../src/symbols/kernel-symbols.ts";

const TEXT = [
  "0000000000000000 A fixed_percpu_data",
  "ffffffff81000000 T _stext",
  "ffffffff81000000 T startup_64",
  "ffffffff81000100 t tty_open.isra.0",
  "ffffffff81000180 T tty_close",
  "ffffffff82000000 D _end",
  "ffffffffc0001100 t fat_free\t[fat]",
  "ffffffffc0001000 t fat_alloc\t[fat]",
  "ffffffffc0002000 t vfat_add\t[vfat]",
].join("\n");

function symbols(text = TEXT): KernelSymbols {
  const read = new KernelSymbols();
  read.read(text);
  return read;
}

describe("an address", () => {
  it.each([
    [0xffffffff81000000n, "_stext+0x0/0x100"],
    [0xffffffff810000ffn, "_stext+0xff/0x100"],
    [0xffffffff81000117n, "tty_open.isra.0+0x17/0x80"],
    [0xffffffffc0001004n, "fat_alloc+0x4/0x100 [fat]"],
    [0xffffffffc0001104n, "fat_free+0x4/0xf00 [fat]"],
    [0xffffffffc0002004n, "vfat_add+0x4/0x10000 [vfat]"],
    [0xffffffff82000000n, undefined],
    [0xffffffffc0000fffn, undefined],
    [0xffffffffc0013000n, undefined],
  ])("%x is printed as %s", (address, name) => {
    expect(symbols().nameOf(address)).toBe(name);
  });

  it("of a module that has gone has no name, and another's once that is read", () => {
    const read = symbols();
    read.forget("fat");
    expect(read.nameOf(0xffffffffc0001004n)).toBeUndefined();
    read.read("ffffffffc0000f00 t other\t[new]\nffffffffc0001200 t more\t[new]");
    expect(read.nameOf(0xffffffffc0001004n)).toBe("other+0x104/0x300 [new]");
    expect(read.nameOf(0xffffffff81000117n)).toBe("tty_open.isra.0+0x17/0x80");
  });

  it("is not in a module that came before another whose symbols are still to come", () => {
    const read = symbols();
    read.expect("fresh");
    expect(read.nameOf(0xffffffffc0002004n)).toBeUndefined();
    expect(read.nameOf(0xffffffffc0001004n)).toBe("fat_alloc+0x4/0x100 [fat]");
    read.read("ffffffffc0002400 t fresh_new\t[fresh]\nffffffffc0002500 t fresh_old\t[fresh]");
    expect(read.nameOf(0xffffffffc0002004n)).toBe("vfat_add+0x4/0x400 [vfat]");
    expect(read.nameOf(0xffffffffc0002404n)).toBe("fresh_new+0x4/0x100 [fresh]");
    read.expect("fat");
    read.expect("brief");
    read.forget("brief");
    expect(read.nameOf(0xffffffffc0002504n)).toBe("fresh_old+0x4/0x10000 [fresh]");
  });

  it("is never called by ARM's marks between code and data, which the kernel passes over", () => {
    const read = new KernelSymbols();
    read.read("bf052000 t $a\t[m]\nbf052000 t m_open\t[m]\nbf052080 t $d.3\t[m]\nbf052100 t m_close\t[m]");
    expect(read.nameOf(0xbf052084n)).toBe("m_open+0x84/0x100 [m]");
    read.read("ffffa3885cc64000 t $x\t[m]\nffffa3885cc64000 t m_open\t[m]\nffffa3885cc64100 t .L3\t[m]");
    expect(read.nameOf(0xffffa3885cc64104n)).toBe("m_open+0x104/0x10000 [m]");
  });

  it("has none where the kernel hides them", () => {
    const read = symbols(TEXT.replaceAll(/^f{8}[0-9a-f]{8}/gm, "0".repeat(16)));
    expect(read.hidden).toBe(true);
    expect(read.nameOf(0xffffffff81000117n)).toBeUndefined();
  });
});

it("what is no symbol is passed over", () => {
  expect(symbols(`garbage\n\nffffffffx1000000 t x\n\u0000\n${TEXT}`).nameOf(0xffffffff81000117n)).toBe(
    "tty_open.isra.0+0x17/0x80",
  );
});

describe("a text of a kernel's length", () => {
  /** 12,000 symbols from `from` on; every seventh has the address of the one before it. */
  const lines = Array.from({ length: 12_000 }, (_, i) => {
    const address = 0xffffffff81000000n + BigInt((i - (i % 7 === 6 ? 1 : 0)) * 48);
    return `${address.toString(16)} ${i % 3 === 0 ? "T" : "t"} function_number_${String(i)}`;
  });
  const ordered = [...lines, "ffffffffc0001000 t fat_alloc\t[fat]"].join("\n");
  // Two that have changed places: one table of all, in order.
  const mixed = [lines[11_999], ...lines.slice(1, -1), lines[0], "ffffffffc0001000 t fat_alloc\t[fat]"].join("\n");

  it("names each address as its table as a whole does", () => {
    const [pieces, whole] = [symbols(ordered), symbols(mixed)];
    for (let offset = -16n; offset < 12_001n * 48n; offset += 40n) {
      const address = 0xffffffff81000000n + offset;
      expect(pieces.nameOf(address)).toBe(whole.nameOf(address));
    }
    expect(pieces.nameOf(0xffffffff81000000n + 6n * 48n)).toBe("function_number_5+0x30/0x60");
    expect(pieces.nameOf(0xffffffffc0001008n)).toBe("fat_alloc+0x8/0x10000 [fat]");
  });

  it("is in order again where a symbol stands behind the modules'", () => {
    const read = symbols(`${ordered}\nffffffff80ffff00 T early`);
    expect(read.nameOf(0xffffffff80ffff08n)).toBe("early+0x8/0x100");
    expect(read.nameOf(0xffffffff81000008n)).toBe("function_number_0+0x8/0x30");
  });

  it("has no names where all addresses are hidden", () => {
    const read = symbols(ordered.replaceAll(/^[0-9a-f]{16}/gm, "0".repeat(16)));
    expect(read.hidden).toBe(true);
  });
});
