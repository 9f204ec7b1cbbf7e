// The yardstick of bench/draw in JavaScript: pages out of a description, with pdfkit.
//   node draw_pdfkit.mjs PAGES.json FONT.ttf ROUNDS OUT.pdf     prints the least CPU microseconds and the bytes of a document
import { readFileSync, writeFileSync } from 'node:fs';
import PDFDocument from 'pdfkit';

const [description, fontFile, rounds, out] = process.argv.slice(2);
const spec = JSON.parse(readFileSync(description));
const font = readFileSync(fontFile);
for (const page of spec.pages) for (const image of page.images) image.data = readFileSync(image.file);
const attachments = spec.attachments.map((a) => ({ name: a.name, data: readFileSync(a.file) }));

function drawn() {
  return new Promise((resolve) => {
    const doc = new PDFDocument({ autoFirstPage: false, tagged: true, lang: 'es', displayTitle: true, info: { Title: spec.title }, pdfVersion: '1.7' });
    const parts = [];
    doc.on('data', (part) => parts.push(part));
    doc.on('end', () => resolve(Buffer.concat(parts)));
    doc.registerFont('face', font);
    const root = doc.struct('Document');
    doc.addStructure(root);
    for (const page of spec.pages) {
      doc.addPage({ size: [page.width, page.height], margin: 0 });
      for (const line of page.lines) {
        root.add(doc.struct('P', () => doc.font('face').fontSize(line.size).text(line.text, line.x, line.y, { lineBreak: false })));
      }
      for (const image of page.images) {
        root.add(doc.struct('Figure', { alt: 'code' }, () => doc.image(image.data, image.x, image.y, { width: image.w, height: image.h })));
      }
    }
    root.end();
    for (const a of attachments) doc.file(a.data, { name: a.name, type: 'application/json', relationship: 'Data' });
    doc.end();
  });
}

let least = Infinity;
let bytes;
for (let i = 0; i < Number(rounds) + 2; i++) {
  const before = process.cpuUsage();
  bytes = await drawn();
  const { user, system } = process.cpuUsage(before);
  if (i >= 2) least = Math.min(least, user + system); // the first two warm up
}
writeFileSync(out, bytes);
console.log(least, bytes.length);
