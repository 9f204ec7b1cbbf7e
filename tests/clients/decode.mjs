// Decodes a DataMatrix out of a page's picture, cropped by millimetres from its top left corner.
//   node decode.mjs PAGE.png DPI X Y SIZE     prints the bytes in hexadecimal
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { PNG } from 'pngjs';
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader';

const require = createRequire(import.meta.url);
const wasm = readFileSync(require.resolve('zxing-wasm/reader').replace(/dist\/.*$/, 'dist/reader/zxing_reader.wasm'));
await prepareZXingModule({ overrides: { wasmBinary: wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.length) }, fireImmediately: true });

const [file, dpi, x, y, size] = process.argv.slice(2);
const page = PNG.sync.read(readFileSync(file));
const px = (mm) => Math.round((mm * dpi) / 25.4);
const quiet = 1.7;
const [left, top, side] = [px(x - quiet), px(y - quiet), px(Number(size) + 2 * quiet)];
const data = new Uint8ClampedArray(side * side * 4).fill(255);
for (let row = 0; row < side; row++) {
  const from = ((top + row) * page.width + left) * 4;
  data.set(page.data.subarray(from, from + side * 4), row * side * 4);
}
const found = await readBarcodes({ data, width: side, height: side, colorSpace: 'srgb' }, { formats: ['DataMatrix'], tryHarder: true });
const symbol = found.find((r) => r.isValid ?? !r.error);
if (!symbol) {
  console.error('no symbol');
  process.exit(1);
}
console.log(Buffer.from(symbol.bytes).toString('hex'));
