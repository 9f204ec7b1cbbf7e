// Reads DataMatrix symbols by a stranger's hand: node symbols.mjs PICTURE.png ...
// Prints for each picture the bytes of the symbol in it in hexadecimal, or "-".
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { PNG } from 'pngjs';
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader';

const require = createRequire(import.meta.url);
const wasm = readFileSync(require.resolve('zxing-wasm/reader').replace(/dist\/.*$/, 'dist/reader/zxing_reader.wasm'));
await prepareZXingModule({ overrides: { wasmBinary: wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.length) }, fireImmediately: true });

for (const file of process.argv.slice(2)) {
  const { data, width, height } = PNG.sync.read(readFileSync(file));
  const found = await readBarcodes({ data: new Uint8ClampedArray(data), width, height, colorSpace: 'srgb' }, { formats: ['DataMatrix'], tryHarder: true });
  const symbol = found.find((r) => r.isValid ?? !r.error);
  console.log(symbol ? Buffer.from(symbol.bytes).toString('hex') : '-');
}
