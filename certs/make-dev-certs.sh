#!/bin/sh
# Makes a development CA and a serving certificate for the webhook, and puts both into a cluster.
#
#   certs/make-dev-certs.sh                    write ca.crt ca.key tls.crt tls.key to certs/dev
#   certs/make-dev-certs.sh --apply            the same, then set caBundle and write the Secret jwt-injector-tls
#   certs/make-dev-certs.sh --out DIR --ip 127.0.0.1 --days 30 --secret NAME
#
# Only for --tls-cert-file: by default jwt-injector issues its certificate itself. For production use cert-manager or your
# own CA. Needs openssl, and kubectl for --apply. Files, and a pair that is in the cluster, are used again while they have a
# third of their life left. An older CA stays in caBundle beside a new one until it expires.
set -eu

namespace=jwt-injector
out=$(dirname "$0")/dev
days=365
secret=jwt-injector-tls
names="DNS:jwt-injector.$namespace.svc,DNS:jwt-injector.$namespace.svc.cluster.local"
apply=false
settling=5 # seconds: each API server learns of a changed caBundle by its own watch

fail() {
  echo "make-dev-certs: $1" >&2
  exit "$2"
}

while [ $# -gt 0 ]; do
  case $1 in
    --apply) apply=true ;;
    --out | --ip | --days | --secret)
      [ $# -ge 2 ] || fail "$1 needs a value" 2
      case $1 in
        --out) out=$2 ;;
        --ip) names="$names,IP:$2" ;;
        --days) days=$2 ;;
        --secret) secret=$2 ;;
      esac
      shift
      ;;
    -h | --help)
      sed -n '2,11s/^# \{0,1\}//p' "$0"
      exit 0
      ;;
    *) fail "unknown argument $1: see --help" 2 ;;
  esac
  shift
done
case $days in '' | *[!0-9]* | 0*) fail "--days is \"$days\", but it must be a number of days" 2 ;; esac

command -v openssl >/dev/null || fail 'openssl is not installed: apt-get install openssl' 3
[ "$apply" = false ] || command -v kubectl >/dev/null || fail 'kubectl is not installed' 3
umask 077
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A third of the time from the beginning to the end of the certificate in this file, in seconds. openssl prints these as
# "notBefore=Jan  1 00:00:00 2026 GMT", which not every awk or date reads: days are counted here, in years that end with February.
third_of_life() {
  openssl x509 -in "$1" -noout -startdate -enddate 2>/dev/null | awk -F '[ =]+' '
    {
      month = (index("JanFebMarAprMayJunJulAugSepOctNovDec", $2) + 2) / 3
      year = $5 - (month <= 2)
      day = 365 * year + int(year / 4) - int(year / 100) + int(year / 400) + int((153 * ((month + 9) % 12) + 2) / 5) + $3
    }
    /^notBefore=/ { first = day }
    /^notAfter=/ { printf "%d", (day - first) * 86400 / 3 }'
}

# Whether the certificate in this file has a third of its life left.
is_fresh() {
  openssl x509 -in "$1" -noout -checkend "$(third_of_life "$1")" >/dev/null 2>&1
}

# Whether it was issued by a CA, both in files.
is_issued_by() {
  openssl verify -CAfile "$2" "$1" >/dev/null 2>&1
}

# Whether the certificate in this file is a CA that jwt-injector made for itself.
is_own_authority() {
  openssl x509 -in "$1" -noout -subject -nameopt RFC2253 2>/dev/null | grep -q 'CN=jwt-injector CA '
}

# One key of the Secret in the cluster; empty when there is none.
read_secret() {
  kubectl get secret "$secret" -n "$namespace" --ignore-not-found -o "jsonpath={.data['$1']}" | openssl base64 -d -A
}

if [ "$apply" = true ]; then
  label=$(kubectl get secret "$secret" -n "$namespace" --ignore-not-found \
    -o 'jsonpath={.metadata.labels.app\.kubernetes\.io/name}') || fail "Secret $namespace/$secret cannot be read" 3
  for key in 'ca\.crt' 'tls\.crt' 'tls\.key'; do
    read_secret "$key" >"$work/$(printf %s "$key" | tr -d '\\')"
  done
  # jwt-injector's own one: only that keeps the key of its CA; the installed one is empty, until something is issued.
  if [ -n "$(read_secret 'ca\.key')" ] || is_own_authority "$work/ca.crt" ||
    { [ "$label" = jwt-injector ] && ! [ -s "$work/tls.crt" ]; }; then
    fail "Secret $namespace/$secret is for the certificate that jwt-injector issues itself, and needs none from here. To serve one \
from files instead, write it to another Secret, which the Deployment then has to mount (\"From files\" in docs/certificates.md): \
--secret my-certificate --apply" 1
  fi
  # What is in the cluster is trusted already; without the key of its CA it serves until it is old.
  if is_fresh "$work/tls.crt" && is_issued_by "$work/tls.crt" "$work/ca.crt" && [ ! -f "$out/ca.key" ]; then
    cp "$work/ca.crt" "$work/tls.crt" "$work/tls.key" "$out"
  fi
fi

if ! is_fresh "$out/ca.crt"; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days "$days" \
    -subj "/CN=jwt-injector development CA $(openssl rand -hex 4)" \
    -addext 'basicConstraints=critical,CA:TRUE,pathlen:0' -addext 'keyUsage=critical,keyCertSign,cRLSign' \
    -keyout "$out/ca.key" -out "$out/ca.crt" 2>/dev/null || fail "openssl could not make a CA in $out" 3
fi
if ! is_fresh "$out/tls.crt" || ! is_issued_by "$out/tls.crt" "$out/ca.crt" || [ ! -f "$out/tls.key" ]; then
  [ -f "$out/ca.key" ] || fail "$out/ca.key is missing, and a new certificate is due: delete $out/ca.crt for a new CA" 3
  printf 'subjectAltName=%s\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n' \
    "$names" >"$work/extensions"
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=jwt-injector.$namespace.svc" \
    -keyout "$work/new.key" -out "$work/new.csr" 2>/dev/null &&
    openssl x509 -req -in "$work/new.csr" -CA "$out/ca.crt" -CAkey "$out/ca.key" -set_serial "0x$(openssl rand -hex 16)" \
      -days "$days" -extfile "$work/extensions" -out "$out/tls.crt" 2>/dev/null || fail "openssl could not make a certificate in $out" 3
  mv "$work/new.key" "$out/tls.key"
fi
echo "wrote ca.crt, tls.crt and tls.key to $out"

[ "$apply" = true ] || exit 0
kubectl get namespace "$namespace" >/dev/null 2>&1 || kubectl create namespace "$namespace" ||
  fail "namespace $namespace is missing and cannot be created" 3

# The bundle of an entry (base64) with our CA, and without what has expired.
extend_bundle() {
  rm -f "$work"/part-*
  { cat "$out/ca.crt" && printf %s "$1" | openssl base64 -d -A; } |
    awk -v part="$work/part-" '/BEGIN CERTIFICATE/ { n++ } n > 0 { print > (part n) }'
  for part in "$work"/part-*; do
    if openssl x509 -in "$part" -noout -checkend 0 >/dev/null 2>&1; then openssl x509 -in "$part"; fi
  done | awk '
    /BEGIN CERTIFICATE/ { block = "" }
    { block = block $0 "\n" }
    /END CERTIFICATE/ && !seen[block]++ { printf "%s", block }' | openssl base64 -A
}

changed=false
for kind in mutatingwebhookconfiguration validatingwebhookconfiguration; do
  index=0
  for name in $(kubectl get "$kind" jwt-injector --ignore-not-found -o jsonpath='{.webhooks[*].name}'); do
    present=$(kubectl get "$kind" jwt-injector -o "jsonpath={.webhooks[$index].clientConfig.caBundle}")
    bundle=$(extend_bundle "$present")
    if [ "$bundle" != "$present" ]; then
      changed=true
      kubectl patch "$kind" jwt-injector --type=json -p "[{\"op\":\"test\",\"path\":\"/webhooks/$index/name\",\"value\":\"$name\"},
        {\"op\":\"add\",\"path\":\"/webhooks/$index/clientConfig/caBundle\",\"value\":\"$bundle\"}]" ||
        fail "caBundle of $kind jwt-injector cannot be set" 3
    fi
    index=$((index + 1))
  done
done
# First trusted, then served.
[ "$changed" = false ] || sleep "$settling"
kubectl create secret generic "$secret" -n "$namespace" --dry-run=client -o yaml \
  --from-file=ca.crt="$out/ca.crt" --from-file=tls.crt="$out/tls.crt" --from-file=tls.key="$out/tls.key" |
  kubectl apply --server-side --force-conflicts -f - || fail "Secret $namespace/$secret cannot be written" 3
