#!/usr/bin/env bash
# Proves the image and the compose file on this machine (`make deploy-test`): builds the CPU variant, starts it with
# compose, colors a photograph through it from outside of the container, looks at what it may do inside, stops it.
#
#   CONTAINER    docker or podman; unset: the first of them that works
#   COMPOSE      the compose command; unset: docker compose, or podman-compose
#   BASE_IMAGE   the image to build on; unset: docker-compose.yml's
#   PYTHON       an interpreter that has the client; unset: .venv/bin/python
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '\n== %s\n' "$*"; }
fail() { printf '%s\n' "deploy/test.sh: $*" >&2; exit 1; }

if [ -z "${CONTAINER:-}" ]; then
  for CONTAINER in docker podman none; do "$CONTAINER" info >/dev/null 2>&1 && break; done
fi
case $CONTAINER in
  docker) COMPOSE=${COMPOSE:-docker compose} ;;
  podman) COMPOSE=${COMPOSE:-podman-compose} ;;
  *) fail "neither docker nor podman works here: start Docker, or install podman" ;;
esac
$COMPOSE version >/dev/null 2>&1 || fail "'$COMPOSE' does not work: install it, or name another with COMPOSE"
PYTHON=${PYTHON:-.venv/bin/python}
"$PYTHON" -c 'import photochrom' 2>/dev/null || fail "$PYTHON has no client: make demo, or name another with PYTHON"

photo=examples/coffee.jpg
colored=build/deploy-test/coffee-color.png
port=$("$PYTHON" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
target=localhost:$port
export COMPOSE_PROJECT_NAME=photochrom-deploy-test PHOTOCHROM_PUBLISH=127.0.0.1:$port
compose() { $COMPOSE -f docker-compose.yml -f docker-compose.cpu.yml "$@"; }
client() { "$PYTHON" -m photochrom "$@"; }

say "build"
compose build
size=$("$CONTAINER" image inspect --format '{{.Size}}' photochrom:cpu)

say "start"
trap 'compose down >/dev/null 2>&1' EXIT
compose up --detach
container=$(compose ps -q)
inspect() { "$CONTAINER" inspect --format "$1" "$container"; }
for attempt in {1..120}; do
  client health --target "$target" >/dev/null 2>&1 && break
  if [ "$(inspect '{{.State.Running}}')" != true ] || [ "$attempt" = 120 ]; then
    "$CONTAINER" logs "$container"
    fail "the server did not become healthy: its log is above"
  fi
  sleep 1
done
client health --target "$target"

say "color $photo through it"
mkdir -p "$(dirname "$colored")"
client colorize "$photo" -o "$colored" --target "$target"
"$PYTHON" - "$photo" "$colored" <<'END'
import sys

from PIL import Image, ImageStat

before, after = map(Image.open, sys.argv[1:])
saturation = ImageStat.Stat(after.convert("HSV")).mean[1] / 255
print(f"{sys.argv[2]}: {after.width} x {after.height}, mean saturation {saturation:.2f}")
if after.size != before.size:
    sys.exit(f"the photograph is {before.width} x {before.height}")
if saturation < 0.02:
    sys.exit("it has no color")
END

say "inside"
"$CONTAINER" exec "$container" photochrom health --target localhost:8500
user=$("$CONTAINER" exec "$container" id -u)
echo "user id $user"
[ "$user" != 0 ] || fail "it runs as root"
! "$CONTAINER" exec --user 0 "$container" touch /opt/written || fail "its root is writable, for root at least"
"$CONTAINER" exec "$container" touch /tmp/written || fail "/tmp is not writable"
"$CONTAINER" exec "$container" python -c 'import photochrom_serving.tracing' || fail "it cannot trace"
for tool in pip pip3 gcc; do
  ! "$CONTAINER" exec "$container" sh -c "command -v $tool" || fail "it holds $tool"
done

say "stop"
compose stop
"$CONTAINER" logs "$container" 2>&1 | tail -n 3
status=$(inspect '{{.State.ExitCode}}')
echo "exit status $status"
[ "$status" = 0 ] || fail "it did not stop gracefully"

say "passed: the image photochrom:cpu is $((size / 1000000)) MB, its base included"
