/** The checksum of `cksum(1)`: CRC-32 of POSIX.1, most significant bit first, the length fed in after the data. */

const POLYNOMIAL = 0x04c11db7;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ POLYNOMIAL : crc << 1;
  return crc >>> 0;
});

/** What `cksum` prints first for these bytes. */
export function posixCksum(data: Uint8Array): number {
  let crc = 0;
  for (const byte of data) crc = feed(crc, byte);
  for (let length = data.length; length > 0; length = Math.floor(length / 256)) crc = feed(crc, length & 0xff);
  return ~crc >>> 0;
}

function feed(crc: number, byte: number): number {
  return ((crc << 8) ^ (TABLE[(crc >>> 24) ^ byte] ?? 0)) >>> 0;
}
