#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# run.sh MPIRUN PROGRAM CASE N: one case of program.cpp by N processes, more than there are cores.
# 77: this machine can't show it.
set -euo pipefail
mpirun=$1 program=$2 case=$3 count=$4
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export NN_NUM_THREADS=1

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

options=()
if [[ $mpirun == *openmpi* ]]; then
  options=(--allow-run-as-root --oversubscribe --mca btl_vader_single_copy_mechanism none)
fi
launch() { # N ARGUMENT...
  local processes=$1
  shift
  timeout 100 "$mpirun" "${options[@]}" -n "$processes" "$program" "$@"
}

# By each number of processes in turn, one of which is killed at some instant; then to the end.
killed() {
  local round processes launcher victims victim status started
  for round in 1 2 3; do
    processes=$((round + 1))
    launch "$processes" backup "$folder/run.ckpt" >"$folder/out" 2>"$folder/log" &
    launcher=$!
    sleep "0.$((RANDOM % 9))"
    # The processes of this run, not mpirun or what runs it.
    mapfile -t victims < <(pgrep -f "^$program backup $folder/run.ckpt")
    if ((${#victims[@]} == 0)); then # it has not begun
      wait "$launcher" || fail "expected a run that nothing has disturbed to end well"
      continue
    fi
    victim=${victims[$((RANDOM % ${#victims[@]}))]}
    started=$SECONDS
    kill -KILL "$victim" 2>"$folder/kill" || true
    status=0
    wait "$launcher" || status=$?
    ((SECONDS - started < 10)) || fail "expected the others to end in seconds, got $((SECONDS - started))"
    # It may have been at its end already.
    grep -q "the right bits" "$folder/out" && continue
    ((status != 0 && status != 124)) || fail "expected a run with a dead process to fail, got status $status"
    [[ -s $folder/log || -s $folder/out ]] || fail "expected a sentence about the dead process, got nothing"
  done
  launch "$count" backup "$folder/run.ckpt" | grep "the right bits"
}

a="nn_a_$$" b="nn_b_$$" # network namespaces
# Processes with an address each, between which messages come late and get lost.
apart() {
  local namespace number=0
  command -v ip >/dev/null && command -v python3 >/dev/null && [[ -w /dev/net/tun ]] || exit 77
  ip netns add "$a" 2>/dev/null || exit 77
  trap 'kill %1; ip netns del "$a"; ip netns del "$b"; rm -rf "$folder"' EXIT
  ip netns add "$b"
  "$(dirname "$0")/slow_link.py" "$a" "$b" >"$folder/link" 2>&1 &
  while [[ ! -s $folder/link ]]; do sleep 0.1; done
  grep -q ready "$folder/link" || exit 77
  for namespace in "$a" "$b"; do
    number=$((number + 1))
    ip -n "$namespace" address add "10.213.77.$number/24" dev slow
    ip -n "$namespace" link set slow up
    ip -n "$namespace" link set lo up
  done
  cat >"$folder/remote_shell" <<END
#!/bin/sh
# What mpirun takes for ssh: the host's command, in the other namespace.
while [ "\${1#10.}" = "\$1" ]; do shift; done
shift
exec ip netns exec $b sh -c "\$*"
END
  chmod +x "$folder/remote_shell"
  local remote=(-launcher rsh -launcher-exec "$folder/remote_shell" -hosts "10.213.77.1,10.213.77.2")
  if [[ $mpirun == *openmpi* ]]; then
    remote=(--host "10.213.77.1,10.213.77.2" --mca plm_rsh_agent "$folder/remote_shell"
      --mca btl "tcp,self" --mca btl_tcp_if_include 10.213.77.0/24
      --mca oob_tcp_if_include 10.213.77.0/24)
  fi
  # MPICH sees one machine, whatever the addresses are, and would take its shared memory.
  export FI_PROVIDER=tcp FI_TCP_IFACE=slow UCX_TLS=tcp,self UCX_NET_DEVICES=slow
  timeout 200 ip netns exec "$a" "$mpirun" "${options[@]}" "${remote[@]}" -n "$count" "$program" bits
  number=$(ip netns exec "$b" cat /sys/class/net/slow/statistics/rx_packets)
  ((number > 200)) || fail "expected messages over the slow link, got $number packets"
}

case $case in
  killed) killed ;;
  apart) apart ;;
  failure)
    status=0
    launch "$count" failure 2>"$folder/log" || status=$?
    ((status != 0 && status != 124)) || fail "expected the program to fail, got status $status"
    [[ $(grep -c "ended as expected" "$folder/log") == "$count" ]] ||
      fail "expected a sentence of each process, got $(cat "$folder/log")"
    ;;
  *) launch "$count" "$case" ;;
esac
