# What make-authority and next-keys both issue. Needs $work, a folder with the issuers' certificates and keys; sourced.

key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null; }

# issued NAME ISSUER DAYS SERIAL SUBJECT EXTENSION...: SERIAL random or 0x...
issued() {
  name=$1 issuer=$2 days=$3 serial=$4 subject=$5
  shift 5
  key "$work/$name.key"
  printf '%s\n' '[req]' 'distinguished_name=dn' '[dn]' >"$work/ext"
  openssl req -new -sha256 -utf8 -config "$work/ext" -key "$work/$name.key" -subj "$subject" -out "$work/csr"
  printf '%s\n' 'subjectKeyIdentifier=hash' 'authorityKeyIdentifier=keyid' "$@" >"$work/ext"
  [ "$serial" != random ] || serial=0x4$(openssl rand -hex 15)
  openssl x509 -req -sha256 -in "$work/csr" -CA "$work/$issuer.pem" -CAkey "$work/$issuer.key" -days "$days" \
    -set_serial "$serial" -extfile "$work/ext" -out "$work/$name.pem" 2>/dev/null
}

leaf='basicConstraints=critical,CA:FALSE'

# Where the status of what CA issued is asked for: lines of a certificate's profile.
services=${TRUST_SERVICES:-}
ocsp_of() { [ -z "$services" ] || echo "authorityInfoAccess=OCSP;URI:$services/ocsp/$1"; }
crl_of() { [ -z "$services" ] || echo "crlDistributionPoints=URI:$services/crl/$1.crl"; }

# document_signer NAME COMMON-NAME: signs PDFs, three years.
document_signer() {
  issued "$1" issuing 1095 random "/C=UT/O=Servicio Nacional de Migración/OU=Documents/CN=$2" "$leaf" \
    'keyUsage=critical,digitalSignature,nonRepudiation' "$(ocsp_of issuing)" "$(crl_of issuing)"
}

# seal_signer NAME REFERENCE: signs visible seals (Doc 9303-12), three years; the reference is the serial number.
seal_signer() {
  issued "$1" issuing 1095 "0x$2" '/C=UT/CN=TS' 'keyUsage=critical,digitalSignature' \
    'extendedKeyUsage=critical,2.23.136.1.1.14.2' '2.23.136.1.1.6.2=ASN1:SEQUENCE:types' \
    '[types]' 'version=INTEGER:0' 'list=SET:codes' \
    '[codes]' 'a=PRINTABLESTRING:PL' 'b=PRINTABLESTRING:PU' 'c=PRINTABLESTRING:FM' 'd=PRINTABLESTRING:FR'
}
