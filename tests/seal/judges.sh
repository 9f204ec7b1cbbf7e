#!/bin/sh
# Do strangers accept what we seal? pdfsig, qpdf, mutool, OpenSSL's command line and asn1crypto look at a sealed PDF.
# Usage: judges.sh TEST_SEAL_PDF AUTHORITY_DIR
set -eu
here=$(dirname "$0")
make_pdf=$1 authority=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
SV_AUTHORITY=$authority "$make_pdf" "$work/sealed.pdf"

fail() {
  echo "FAIL: $1" >&2
  exit 1
}
# says FILE TEXT: the judge wrote this line.
says() { grep -q -- "$2" "$work/$1" || { cat "$work/$1" >&2; fail "$1 does not say: $2"; }; }
judge() {
  name=$1
  shift
  command -v "$1" >/dev/null || { echo "SKIP: $1 is not installed"; return 1; }
  "$@" >"$work/$name" 2>&1 || true
}

judge pdfsig pdfsig -nocert "$work/sealed.pdf" && {
  says pdfsig 'Signature is Valid'
  says pdfsig 'Total document signed'
  says pdfsig 'ETSI.CAdES.detached'
}
judge qpdf qpdf --check "$work/sealed.pdf" && says qpdf 'No syntax or stream encoding errors found'
judge mutool mutool sign -v "$work/sealed.pdf" && says mutool 'The document is unchanged since signing'
/usr/bin/python3 "$here/extract_signature.py" "$work/sealed.pdf" "$work/cms.der" "$work/content" ||
  fail 'the shape of the CMS'
judge openssl openssl cms -verify -cades -purpose any -inform DER -in "$work/cms.der" -content "$work/content" \
  -binary -CAfile "$authority/root.pem" -out "$work/out" && says openssl 'CAdES Verification successful'
cmp -s "$work/out" "$work/content" || fail 'OpenSSL returned other content'
printf x >>"$work/content"
judge bent openssl cms -verify -cades -purpose any -inform DER -in "$work/cms.der" -content "$work/content" \
  -binary -CAfile "$authority/root.pem" -out "$work/out" && says bent 'erification failure'
echo 'judges: pdfsig, qpdf, mutool, OpenSSL and asn1crypto accept the sealed PDF'
