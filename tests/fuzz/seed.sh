#!/bin/sh
# Seeds for the fuzz targets that need a sealed file: usage seed.sh TEST_SEAL_PDF AUTHORITY_DIR OUTDIR
# Writes OUTDIR/pdfio, OUTDIR/verify and OUTDIR/cms; give them to the targets beside tests/fuzz/corpus/NAME.
set -eu
here=$(dirname "$0")
mkdir -p "$3/pdfio" "$3/verify" "$3/cms"
SV_AUTHORITY=$2 "$1" "$3/pdfio/sealed.pdf"
cp "$3/pdfio/sealed.pdf" "$3/verify/"
/usr/bin/python3 "$here/../seal/extract_signature.py" "$3/pdfio/sealed.pdf" "$3/cms/b-b.der" "$3/content"
rm "$3/content"
if command -v qpdf >/dev/null; then
  qpdf --object-streams=generate "$3/pdfio/sealed.pdf" "$3/pdfio/streams.pdf" 2>/dev/null || true
fi
