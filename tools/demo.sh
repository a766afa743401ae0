#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# demo.sh BUILD_DIR [LOAD_CLIENT_OPTION...]: starts the echo server of BUILD_DIR on a free port,
# drives it with the load client for five seconds, ends it. Exit status: the client's, which checks
# every byte; 130 or 143 after Ctrl-C or SIGTERM. No process keeps running.
set -euo pipefail

examples=${1:?usage: demo.sh BUILD_DIR [LOAD_CLIENT_OPTION...]}/examples
shift

server=
client=
finish() {
  trap '' INT TERM
  for process in $client $server; do
    kill -TERM "$process" 2>/dev/null || true
    wait "$process" || true
  done
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# A coprocess, not a process substitution: that could not be waited for once there is another job.
coproc echo_server { exec "$examples/echo_server" --port 0; }
server=$echo_server_PID
exec 3<&"${echo_server[0]}"
if ! read -r -t 30 line <&3; then
  echo "demo: the echo server did not start" >&2
  exit 1
fi
echo "echo server: $line"

# In the background, so that a signal to this script alone is acted upon at once. Its input and its
# output stay what they are: a bar on a terminal, lines elsewhere.
status=0
"$examples/load_client" --port "${line##*:}" "$@" &
client=$!
wait "$client" || status=$?
client=

kill -TERM "$server"
echo "echo server: $(cat <&3)"
wait "$server" || status=$?
server=
exit "$status"
