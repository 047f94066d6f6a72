#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A Slurm cluster of one node, for tests:
#
#   slurm-node.sh start FOLDER [LINE...]    starts it and returns once the node takes jobs
#   slurm-node.sh stop FOLDER               ends it, with all its jobs
#
# All its files are in FOLDER; slurm.conf there is what SLURM_CONF has to name to use it. Each LINE is
# added to slurm.conf, such as MaxArraySize=8. It needs Debian's packages of the group [slurm]
# (packages.txt), no systemd and no control groups, and runs with the rights of who calls it.
set -euo pipefail

PATH=$PATH:/usr/sbin:/sbin # munged and the two daemons

fail()
{
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# end_by FILE: ends the process whose number is in the file, and waits until it is gone.
end_by()
{
    [[ -s $1 ]] || return 0
    local pid
    pid=$(<"$1")
    kill "$pid" 2>/dev/null || return 0
    for _ in {1..100}; do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null || true
}

stop()
{
    export SLURM_CONF=$folder/slurm.conf
    if [[ -s $folder/slurmctld.pid ]]; then
        timeout 10 scancel --user="$(id -un)" 2>/dev/null || true
        for _ in {1..100}; do
            [[ -n $(timeout 10 squeue --noheader 2>/dev/null) ]] || break
            sleep 0.1
        done
    fi
    end_by "$folder/slurmd.pid"
    end_by "$folder/slurmctld.pid"
    end_by "$folder/munged.pid"
}

start()
{
    local tool
    for tool in munged slurmctld slurmd sbatch; do
        command -v "$tool" >/dev/null || fail "$tool is not installed; see [slurm] in packages.txt"
    done
    mkdir -p "$folder"/{state,spool,munge}
    chmod 700 "$folder"/munge

    # Several tests may each have a cluster: none may take the usual ports or Debian's key.
    head -c 1024 /dev/urandom >"$folder/munge/key"
    chmod 600 "$folder/munge/key"
    # --force: the folders above may be open to others, as /tmp is.
    munged --force --key-file="$folder/munge/key" --socket="$folder/munge/socket" \
        --pid-file="$folder/munged.pid" --log-file="$folder/munged.log" \
        --seed-file="$folder/munge/seed" 2>>"$folder/munged.log" ||
        fail "munged does not start: $(tail -n 1 "$folder/munged.log")"

    local ports host user
    ports=$(python3 -c '
import socket
sockets = [socket.socket() for _ in range(2)]
for s in sockets:
    s.bind(("127.0.0.1", 0))
print(*(s.getsockname()[1] for s in sockets))')
    host=$(hostname -s)
    user=$(id -un)
    cat >"$folder/slurm.conf" <<CONF
ClusterName=limitnet
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=${ports% *}
SlurmdPort=${ports#* }
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
CredType=cred/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
KillWait=2
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=1,sched_min_interval=0,defer=0
# More processors than the machine may have: tests want several tasks at once, not speed.
SlurmdParameters=config_overrides
NodeName=$host NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
    if (($#)); then
        printf '%s\n' "$@" >>"$folder/slurm.conf"
    fi
    export SLURM_CONF=$folder/slurm.conf
    # -c and -f: nothing of an earlier cluster or of /etc. The daemons put themselves aside.
    slurmctld -c -f "$SLURM_CONF" </dev/null >"$folder/start.log" 2>&1 ||
        fail "slurmctld does not start: $(tail -n 1 "$folder/start.log" "$folder/slurmctld.log")"
    slurmd -c -N "$host" -f "$SLURM_CONF" </dev/null >>"$folder/start.log" 2>&1 ||
        fail "slurmd does not start: $(tail -n 1 "$folder/start.log" "$folder/slurmd.log")"
    for _ in {1..300}; do
        if [[ $(timeout 10 sinfo --noheader --format=%T 2>/dev/null) == idle ]]; then
            return 0
        fi
        sleep 0.1
    done
    fail "the node takes no jobs; see $folder/slurmctld.log and slurmd.log"
}

(($# >= 2)) || fail "call it as: $0 start FOLDER [LINE...], or $0 stop FOLDER"
verb=$1
mkdir -p "$2"
folder=$(cd -- "$2" && pwd -P)
shift 2
case $verb in
start)
    trap '(($? == 0)) || stop' EXIT # nothing half started stays behind
    start "$@"
    ;;
stop) stop ;;
*) fail "start or stop, not $verb" ;;
esac
