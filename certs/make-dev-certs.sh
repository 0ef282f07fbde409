#!/bin/sh
# Makes a development CA and a serving certificate for the webhook, and puts both into a cluster.
#
#   certs/make-dev-certs.sh                    write ca.crt ca.key tls.crt tls.key to certs/dev
#   certs/make-dev-certs.sh --apply            the same, then create the Secret jwt-injector-tls and set caBundle
#   certs/make-dev-certs.sh --out DIR --ip 127.0.0.1 --days 30
#
# For production use cert-manager or your own CA: the Secret's keys and the caBundle are all that matters.
# Needs openssl, and kubectl for --apply. Existing files are kept and used again; delete them to start over.
set -eu

namespace=jwt-injector
out=$(dirname "$0")/dev
days=365
names="DNS:jwt-injector.$namespace.svc,DNS:jwt-injector.$namespace.svc.cluster.local"
apply=false

fail() {
  echo "make-dev-certs: $1" >&2
  exit "$2"
}

while [ $# -gt 0 ]; do
  case $1 in
    --apply) apply=true ;;
    --out | --ip | --days)
      [ $# -ge 2 ] || fail "$1 needs a value" 2
      case $1 in
        --out) out=$2 ;;
        --ip) names="$names,IP:$2" ;;
        --days) days=$2 ;;
      esac
      shift
      ;;
    -h | --help)
      sed -n '2,9s/^# \{0,1\}//p' "$0"
      exit 0
      ;;
    *) fail "unknown argument $1: see --help" 2 ;;
  esac
  shift
done

command -v openssl >/dev/null || fail 'openssl is not installed: apt-get install openssl' 3
umask 077
mkdir -p "$out"

if [ ! -f "$out/ca.key" ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days "$days" -subj '/CN=jwt-injector development CA' \
    -addext 'basicConstraints=critical,CA:TRUE,pathlen:0' -addext 'keyUsage=critical,keyCertSign,cRLSign' \
    -keyout "$out/ca.key" -out "$out/ca.crt" 2>/dev/null || fail "openssl could not make a CA in $out" 3
fi
if [ ! -f "$out/tls.key" ]; then
  extensions=$(mktemp)
  trap 'rm -f "$extensions" "$out/tls.csr"' EXIT
  printf 'subjectAltName=%s\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n' \
    "$names" >"$extensions"
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=jwt-injector.$namespace.svc" \
    -keyout "$out/tls.key.new" -out "$out/tls.csr" 2>/dev/null &&
    openssl x509 -req -in "$out/tls.csr" -CA "$out/ca.crt" -CAkey "$out/ca.key" -set_serial "0x$(openssl rand -hex 16)" \
      -days "$days" -extfile "$extensions" -out "$out/tls.crt" 2>/dev/null || fail "openssl could not make a certificate in $out" 3
  mv "$out/tls.key.new" "$out/tls.key"
fi
echo "wrote ca.crt, ca.key, tls.crt and tls.key to $out"

[ "$apply" = true ] || exit 0
command -v kubectl >/dev/null || fail 'kubectl is not installed' 3
kubectl get namespace "$namespace" >/dev/null 2>&1 || kubectl create namespace "$namespace" ||
  fail "namespace $namespace is missing and cannot be created" 3
kubectl create secret generic jwt-injector-tls -n "$namespace" --dry-run=client -o yaml \
  --from-file=ca.crt="$out/ca.crt" --from-file=tls.crt="$out/tls.crt" --from-file=tls.key="$out/tls.key" |
  kubectl apply --server-side --force-conflicts -f - || fail "Secret $namespace/jwt-injector-tls cannot be written" 3

bundle=$(openssl base64 -A -in "$out/ca.crt")
for kind in mutatingwebhookconfiguration validatingwebhookconfiguration; do
  count=$(kubectl get "$kind" jwt-injector --ignore-not-found -o jsonpath='{.webhooks[*].name}' | wc -w)
  index=0
  while [ "$index" -lt "$count" ]; do
    kubectl patch "$kind" jwt-injector --type=json -p \
      "[{\"op\":\"add\",\"path\":\"/webhooks/$index/clientConfig/caBundle\",\"value\":\"$bundle\"}]" ||
      fail "caBundle of $kind jwt-injector cannot be set" 3
    index=$((index + 1))
  done
done
