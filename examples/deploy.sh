#!/bin/sh
# Deploys what a request body describes, waits until it is ready and prints its URL.
#   ONVERA_API_URL=http://localhost:PORT ONVERA_API_KEY=onv_sk_live_… ./examples/deploy.sh examples/superset.json
set -eu

api="${ONVERA_API_URL:?Set ONVERA_API_URL; 'onvera status' prints the address.}/api/v1"
: "${ONVERA_API_KEY:?Set ONVERA_API_KEY to a key with deployments:write, deployments:read and operations:read.}"
body="${1:?Name a file with a request body, for example examples/superset.json.}"

# The key goes to curl on its standard input: an argument could be read by every user of this machine.
call() {
  printf 'header = "X-API-Key: %s"\n' "$ONVERA_API_KEY" | curl --silent --show-error --fail-with-body --config - "$@"
}

accepted=$(call --request POST --header "Content-Type: application/json" --data "@$body" "$api/deployments")
deployment=$(printf '%s' "$accepted" | jq --raw-output .data.deployment_id)
operation=$(printf '%s' "$accepted" | jq --raw-output .data.operation_id)
echo "deployment_id: $deployment"
echo "operation_id:  $operation"

while :; do
  seen=$(call "$api/operations/$operation?wait=30s")
  status=$(printf '%s' "$seen" | jq --raw-output .data.status)
  printf '%s' "$seen" | jq --raw-output '"\(.data.status): \(.data.progress.message // "")"'
  case "$status" in
    succeeded) break ;;
    failed | canceled)
      printf '%s' "$seen" | jq .data.error >&2
      exit 1
      ;;
  esac
done

call "$api/deployments/$deployment" | jq --raw-output .data.url
