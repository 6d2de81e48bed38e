#!/usr/bin/env python3
"""Measures viva from outside, in a terminal of 120x40, beside its peers, and
prints one table.

What is compared runs in turns within each repetition, so that noise of the
machine hits all alike: read the ratios.  Needs tmux; vis and nano where they
are installed.  TMPDIR should be on a disk: recording syncs its journal.
docs/PERFORMANCE.md says what each figure means.

  tp      throughput: `cat FILE` in the shell, against tmux
  record  what recording costs: two vivas, with it and without, in turns
  lat     key to echo in the shell, idle and under a flood, the same peers
  editor  key to screen in a file of 10,000 lines, against vis and nano
  start   exec to a whole screen with a shell's prompt, against tmux
  mem     memory of viva's own process after 10,000 lines of output
  seek    any point of a record of an hour (bench-replay)
"""

import argparse
import ctypes
import fcntl
import gc
import glob
import json
import math
import os
import pty
import random
import re
import select
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time

ROWS, COLS = 40, 120
PARTS = ["tp", "record", "lat", "editor", "start", "mem", "seek"]
WORKLOADS = ["alt_screen", "ascii_dense", "ascii_lines", "cursor_motion",
             "scroll", "scroll_region", "sgr_dense", "sgr_lines", "unicode"]
JOURNAL_MS = 300  # it is on disk by then
# What the host of a virtual machine takes, it takes from whom it likes: what
# falls into that says nothing of the programs.
TRIES = 4  # of a flood
TAKEN = {"floods": 0, "again": 0, "kept": 0, "keys": 0, "left out": 0}
# Keys in one program before it is the next one's turn, the first not counted;
# together a multiple of LETTERS, so that no letter follows itself.
BURST, WARM = 25, 3
PROMPT = b"workspace$"
# Painted when a workload waits and has ended; the workloads have none of
# these letters.
READY, END = b"Q~ZZ~QZ~", b"ZQ~QZ~ZQ"
# Letters that end no control sequence in common use.
LETTERS = b"NQRUVWY"
VIVA, OFF, TMUX = "viva", "viva unrecorded", "tmux"
F2, F4, F9 = b"\033OQ", b"\033OS", b"\033[20~"

ESCAPE = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*[@-~]"           # CSI
    rb"|[\]PX^_k][^\x07\x1b]*(?:\x07|\x1b\\)"  # strings
    rb"|[ -/]+[0-~]|[0-OQ-WYZ\\`-jl-~])")
PARTIAL = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*|[\]PX^_k][^\x07\x1b]*\x1b?|[ -/]*)\Z")


class Broken(Exception):
    """A program did not do what the measurement needs."""


# ---- processes ----

def adopt_orphans():
    """Daemons of what we start stay our children, so that they end too."""
    ctypes.CDLL(None, use_errno=True).prctl(36, 1, 0, 0, 0)


def descendants():
    parents = {}
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path, "rb") as f:
                text = f.read()
        except OSError:
            continue
        rest = text[text.rindex(b")") + 2:].split()
        parents.setdefault(int(rest[1]), []).append(int(text.split()[0]))
    found, todo = [], [os.getpid()]
    while todo:
        for pid in parents.get(todo.pop(), []):
            found.append(pid)
            todo.append(pid)
    return found


def end_all():
    while True:
        pids = descendants()
        if not pids:
            return
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        try:
            os.waitpid(-1, 0)  # its children are ours then
        except ChildProcessError:
            pass


def memory(pid):
    """Resident and proportional kilobytes of one process."""
    sizes = {}
    with open("/proc/%d/smaps_rollup" % pid) as f:
        for line in f.readlines()[1:]:
            words = line.split()
            sizes[words[0][:-1]] = int(words[1])
    return sizes["Rss"], sizes["Pss"]


def cpu_ms(pid):
    """CPU time of all threads that a process has now."""
    total = 0
    for path in glob.glob("/proc/%d/task/*/schedstat" % pid):
        try:
            with open(path) as f:
                total += int(f.read().split()[0])
        except OSError:  # it has ended meanwhile
            pass
    return total / 1e6


# ---- a program in a terminal ----

class Term:
    def __init__(self, argv, env, cwd):
        self.held = self.seen = b""
        self.started = time.monotonic_ns()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                fcntl.ioctl(0, termios.TIOCSWINSZ,
                            struct.pack("HHHH", ROWS, COLS, 0, 0))
                os.chdir(cwd)
                os.execvpe(argv[0], argv, env)
            finally:
                os._exit(127)
        os.set_blocking(self.fd, False)
        self.poll = select.poll()
        self.poll.register(self.fd, select.POLLIN)
        self.at = self.started

    def close(self):
        os.close(self.fd)
        end_all()

    def read(self, ms):
        """What came; b"" when nothing did within the time."""
        if not self.poll.poll(max(0, ms)):
            return b""
        try:
            data = os.read(self.fd, 1 << 18)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        self.at = time.monotonic_ns()
        if not data:
            raise Broken("it ended: %r" % self.seen[-300:])
        return data

    def type(self, keys):
        while keys:
            try:
                keys = keys[os.write(self.fd, keys):]
            except BlockingIOError:
                self.read(1)

    def text(self, data):
        """What of the bytes is text and not control."""
        data = self.held + data
        self.held = b""
        cut = data.rfind(b"\033")
        if cut >= 0 and PARTIAL.match(data, cut):
            self.held, data = data[cut:], data[:cut]
        return ESCAPE.sub(b"", data)

    def look(self, ms):
        """Reads into what was seen so far; False when nothing came."""
        data = self.read(ms)
        if data:
            self.seen = (self.seen + self.text(data))[-100000:]
        return data != b""

    def wait(self, texts, seconds=20):
        """Until all of these were painted; returns when that was."""
        limit = time.monotonic() + seconds
        while True:
            missing = [t for t in texts if t not in self.seen]
            if not missing:
                return self.at
            if time.monotonic() > limit:
                raise Broken("%r never came: %r" % (missing, self.seen[-300:]))
            self.look(50)

    def settle(self, ms=150):
        """Until nothing has come for some time."""
        quiet = time.monotonic_ns()
        limit = quiet + 3 * 10 ** 9
        while time.monotonic_ns() - quiet < ms * 10 ** 6:
            if self.look(ms):
                quiet = time.monotonic_ns()
                if quiet > limit:
                    return

    def wait_end(self, seconds):
        """Until END stands on the screen; cheap for all that comes before."""
        limit = time.monotonic() + seconds
        tail = b""
        while True:
            if time.monotonic() > limit:
                raise Broken("the end was never painted")
            data = self.read(100)
            if not data or (END[:1] not in data and not tail):
                continue
            tail += data
            if END in ESCAPE.sub(b"", tail):
                return self.at
            tail = tail[-200:]

    def wait_letter(self, letter, seconds=2):
        limit = time.monotonic() + seconds
        tail = b""
        while time.monotonic() < limit:
            data = tail + self.read(20)
            if letter in data and letter in ESCAPE.sub(b"", data):
                return self.at
            cut = data.rfind(b"\033")
            tail = data[cut:] if cut >= 0 and PARTIAL.match(data, cut) else b""
        return None


class Rig:
    def __init__(self, options):
        self.o = options
        self.dir = tempfile.mkdtemp(prefix="viva-rig-")
        self.home = self.dir + "/home"
        self.count = 0
        os.mkdir(self.home)
        with open(self.home + "/.bashrc", "w") as f:
            f.write("PS1='bench:/workspace$ '\n")
        os.mkdir(self.dir + "/load")
        subprocess.run([options.tools + "/bench-vt", "-w",
                        self.dir + "/load", "-m", str(options.mib)],
                       check=True)
        with open(self.dir + "/big.txt", "w") as f:
            for i in range(1, 10001):
                f.write("line%05d the quick brown fox jumps over %d dogs\n"
                        % (i, i))

    def close(self):
        end_all()
        shutil.rmtree(self.dir, ignore_errors=True)

    def env(self, data, more):
        e = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"),
             "HOME": self.home, "TERM": "xterm-256color",
             "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "SHELL": "/bin/bash",
             "XDG_DATA_HOME": data, "XDG_CONFIG_HOME": self.home + "/config",
             "TMUX_TMPDIR": data, "TMPDIR": data}
        for name in ("VIVA_BWRAP", "VIVA_INIT", "UBSAN_OPTIONS"):
            if name in os.environ:
                e[name] = os.environ[name]
        e.update(more)
        return e

    def start(self, name):
        """One of the programs, its shell not yet asked for, and the directory
        that it keeps its data in."""
        self.count += 1
        data = "%s/run%d" % (self.dir, self.count)
        os.mkdir(data)
        more = {"VIVA_NO_RECORD": "1"} if name == OFF else {}
        argv = ["tmux", "-L", "viva-rig", "-f", "/dev/null", "new-session",
                "/bin/bash", "-i"] if name == TMUX else [self.o.viva, "demo"]
        return Term(argv, self.env(data, more), data), data

    def shell(self, name):
        """The program with a shell that waits for a command, as large as the
        program makes it, and the shell's directory."""
        t, where = self.start(name)
        t.wait([PROMPT])
        if name != TMUX:
            found = glob.glob(where + "/viva/sessions/*/q1")
            if len(found) != 1:
                raise Broken("no workspace in " + where)
            where = found[0]
            t.settle()
            t.type(F4)
            if not self.o.no_zoom:
                t.type(F9)
        t.settle()
        return t, where

    def loaded(self, name):
        """The program with a shell that has the workloads at hand."""
        t, where = self.shell(name)
        for load in WORKLOADS:
            shutil.copy("%s/load/%s" % (self.dir, load), where)
        with open(where + "/run", "w") as f:
            f.write("clear; printf '%s'; read -rs\ncat $1\n"
                    "printf '\\033[0m\\033[?1049l\\033[r\\033[2J"
                    "\\033[H%s'\n" % (READY.decode(), END.decode()))
        t.settle(400)  # it sees the new files, and is done with that
        return t

    def workloads(self, name):
        """MB/s of each, one after the other in one shell."""
        t = self.loaded(name)
        try:
            return [self.workload(t, load) for load in WORKLOADS]
        finally:
            t.close()

    def costs(self, names):
        """Each workload in each of the programs, which stand side by side, in
        the order given and then the other way round.  By workload, a list of
        (MB/s, ms of CPU per MB) for each name.  All ends with it, what keeps
        the processors awake as well."""
        terms, out = [], []
        subprocess.Popen([self.o.tools + "/awake", "sleep", "infinity"])
        try:
            terms += map(self.loaded, names)
            for load in WORKLOADS:
                mb = os.path.getsize("%s/load/%s" % (self.dir, load)) / 1e6
                runs = {name: [] for name in names}
                for i in [*range(len(names)), *reversed(range(len(names)))]:
                    runs[names[i]].append(self.cost(terms[i], load, mb))
                out.append(runs)
            return out
        finally:
            for t in terms:
                os.close(t.fd)
            end_all()

    def cost(self, t, load, mb):
        """(MB/s, ms of CPU per MB) of a workload."""
        for again in range(TRIES):
            cpu, stolen = cpu_ms(t.pid), stolen_s()
            speed = self.workload(t, load)
            stolen = stolen_s() - stolen
            # What is written behind is its own cost, not the next's.
            t.settle(JOURNAL_MS)
            found = speed, (cpu_ms(t.pid) - cpu) / mb
            TAKEN["again" if again else "floods"] += 1
            if stolen == 0:
                return found
        TAKEN["kept"] += 1
        return found

    def workload(self, t, load):
        t.seen = b""
        t.type(b". ./run " + load.encode() + b"\r")
        t.wait([READY])
        t.settle(100)
        from_ns = time.monotonic_ns()
        t.type(b"\r")
        ns = t.wait_end(120) - from_ns
        t.settle(100)
        return os.path.getsize("%s/load/%s" % (self.dir, load)) * 1000 / ns

    def echo(self, name, command):
        """The program with `echo` in its shell, waiting for keys."""
        t, where = self.shell(name)
        shutil.copy(self.o.tools + "/echo", where + "/echo")
        os.chmod(where + "/echo", 0o755)
        t.settle(300)
        t.type(command)
        drain(t, 300)
        return t

    def flooded(self, name):
        """Times in ms from a key to its letter on the screen."""
        t = self.echo(name, b"./echo -f\r")
        try:
            return [keys(t, self.o.keys)]
        finally:
            t.close()

    def idle(self, names):
        """The same without a flood, in all of the programs side by side: by
        name, a list of the times of each burst."""
        terms, out = {}, {name: [] for name in names}
        rand = random.Random(5)
        try:
            for name in names:
                terms[name] = self.echo(name, b"./echo\r")
            for i in range(self.o.bursts):
                for name in names if i % 2 == 0 else names[::-1]:
                    out[name].append(keys(terms[name], BURST, warm=WARM,
                                          rand=rand))
            return out
        finally:
            for t in terms.values():
                os.close(t.fd)
            end_all()

    def editor(self, name):
        """The program at the end of a line amid a large file, and the file."""
        if name == VIVA:
            t, where = self.start(name)
            t.wait([PROMPT])
            where = glob.glob(where + "/viva/sessions/*/q1")[0]
            # First of the list, whatever the question brings.
            path = where + "/0big.txt"
        else:
            path = "%s/%s.txt" % (self.dir, name)
        shutil.copy(self.dir + "/big.txt", path)
        if name != VIVA:
            argv = {"vis": ["vis"], "nano": ["nano", "-I", "+5000"]}[name]
            t = Term(argv + [path], self.env(self.dir, {}), self.dir)
        t.settle(300)
        if name == VIVA:
            t.wait([b"0big.txt"])
            t.type(F2)
            t.settle()
            t.type(b"\033[H\r")
            t.wait([b"line00001"])
            t.type(F9)
        for step in {VIVA: [b"\0245000\r", b"\033[F\r"],
                     "vis": [b"5000G", b"o"], "nano": [b"\005\r"]}[name]:
            t.settle()
            t.type(step)
        t.settle(300)
        return t, path

    def editors(self, names):
        """Times from a key to the screen in each, side by side: by name, a
        list of the times of each burst, which has a line of its own."""
        terms, out = {}, {name: [] for name in names}
        rand = random.Random(5)
        try:
            for name in names:
                terms[name], path = self.editor(name)
                if name == VIVA:
                    kept = path
            for i in range(self.o.bursts):
                for name in names if i % 2 == 0 else names[::-1]:
                    if i > 0:
                        terms[name].type(b"\r")
                        drain(terms[name], 60)
                    out[name].append(keys(terms[name], BURST, warm=WARM,
                                          rand=rand))
            saved(terms[VIVA], kept)
            return out
        finally:
            for t in terms.values():
                os.close(t.fd)
            end_all()

    def startup(self, name):
        """ms from exec to a whole screen with a prompt."""
        t, _ = self.start(name)
        try:
            # The key line is the last that viva paints of a frame, the file
            # comes with its answer; tmux's last is its status.
            whole = [b"[0]"] if name == TMUX else [b"F1 help", b"solution.py"]
            return [(t.wait([PROMPT] + whole) - t.started) / 1e6]
        finally:
            t.close()

    def resident(self, name):
        """MB resident and proportional, with a full scrollback."""
        t, where = self.shell(name)
        try:
            with open("%s/load/ascii_lines" % self.dir, "rb") as f:
                lines = f.read().split(b"\n")
            lines = (lines * (10100 // len(lines) + 1))[:10100]
            with open(where + "/load", "wb") as f:
                f.write(b"\n".join(lines) + b"\n")
            with open(where + "/run", "w") as f:
                f.write("cat load; printf '\\033[2J\\033[H%s'\n"
                        % END.decode())
            t.type(b". ./run\r")
            t.wait_end(60)
            t.settle(500)
            return [kb / 1024 for kb in memory(t.pid)]
        finally:
            t.close()


def drain(t, ms):
    """Takes what comes for some time, quiet or not."""
    until = time.monotonic_ns() + int(ms * 1e6)
    while True:
        left = until - time.monotonic_ns()
        if left <= 0:
            return
        t.read(left / 1e6)


def saved(t, path):
    """Was it the file that was typed in, at the place meant?"""
    t.type(b"\023")
    for _ in range(50):
        drain(t, 100)
        with open(path, "rb") as f:
            if b" 5000 dogs\n" + LETTERS in f.read():
                return
    raise Broken("the editor did not save what was typed")


def keys(t, n, warm=20, rand=None):
    """Times of n keys, without those in which the host took processors."""
    times, lost = [], 0
    rand = rand or random.Random(5)
    drain(t, 8)
    for i in range(n + warm):
        stolen = stolen_s()
        letter = LETTERS[i % len(LETTERS):][:1]
        from_ns = time.monotonic_ns()
        t.type(letter)
        at = t.wait_letter(letter)
        # What is taken is counted at the next tick.
        drain(t, rand.uniform(8, 24))
        if at is None:
            lost += 1
        elif i >= warm:
            TAKEN["keys"] += 1
            if stolen_s() == stolen:
                times.append((at - from_ns) / 1e6)
            else:
                TAKEN["left out"] += 1
    if lost > n // 20:
        raise Broken("%d of %d keys were never shown" % (lost, n))
    return times


# ---- what is compared ----

def turns(rig, what, runs, names, fn):
    """Calls fn(name) for each, in turns; the first turn's order, then the
    other way round, and so on.  By name: what fn returned, a list, turned to
    lists of values over the runs."""
    values = {name: [] for name in names}
    for i in range(runs):
        print("rig: %s, %d of %d" % (what, i + 1, runs), file=sys.stderr)
        for name in names if i % 2 == 0 else names[::-1]:
            for _ in range(3):
                try:
                    values[name].append(fn(name))
                    break
                except Broken as e:
                    print("rig: %s, %s: %s" % (what, name, e),
                          file=sys.stderr)
    for name in names:
        if not values[name]:
            raise Broken("%s: %s could not be measured" % (what, name))
    return {name: list(zip(*v)) for name, v in values.items()}


def quantile(values, q):
    if not values:
        raise Broken("the host took processors away in each of the keys")
    return sorted(values)[round(q * (len(values) - 1))]


def geometric(values):
    return math.exp(statistics.fmean(map(math.log, values)))


median = statistics.median


class Table:
    HEAD = ["what", "viva", "limit or peer", "ratio", ""]

    def __init__(self):
        self.rows, self.figures, self.missing = [], {}, False

    def add(self, what, runs, peer, peer_runs, unit, ratio, ok):
        form = "%.1f" if unit.startswith("M") else "%.2f"
        values = [(form + " (" + form + "–" + form + ")") %
                  (median(r), min(r), max(r)) if len(r) > 1 else form % r[0]
                  for r in (runs, peer_runs)]
        self.rows.append([what, values[0] + " " + unit,
                          peer + " " + values[1], "%.2f" % ratio,
                          "ok" if ok else "MISSED"])
        self.figures[what] = {"unit": unit, "viva": runs, "peer": peer,
                              "peer_runs": peer_runs, "ratio": ratio,
                              "ok": ok}

    def bounded(self, what, found, limit, unit):
        """found: the value and the ends of its interval.  What lies on both
        sides of the limit is not shown to hold."""
        value, low, high = found
        verdict = ("ok" if high < limit else "MISSED" if low >= limit
                   else "not shown")
        self.rows.append([what, "%.2f (%.2f–%.2f) %s" % (*found, unit),
                          "under %.2f" % limit, "%.2f" % (value / limit),
                          verdict])
        self.figures[what] = {"unit": unit, "viva": found, "peer": "under",
                              "peer_runs": [limit], "ratio": value / limit,
                              "ok": verdict == "ok"}

    def beside(self, what, bursts, mine, peer, q, no_change=False):
        """A quantile of all keys, and the 95 % interval of its ratio to the
        peer's: bursts that are neighbours in time are drawn together, and all
        of a run, as each start of a program has its own luck.  No
        change is what the interval cannot tell from 1."""
        value, other = (quantile(times_of(bursts[n]), q)
                        for n in (mine, peer))
        ratio, low, high = ratio_between(bursts[mine], bursts[peer], q)
        verdict = ("MISSED" if low > 1 else "ok" if no_change or ratio <= 1
                   else "not shown")
        self.rows.append([what, "%.2f ms" % value, "%s %.2f" % (
            peer.split()[-1], other), "%.2f (%.2f–%.2f)" % (ratio, low, high),
            verdict])
        self.figures[what] = {"unit": "ms", "viva": [value], "peer": peer,
                              "peer_runs": [other], "ratio": ratio,
                              "interval": [low, high], "ok": verdict == "ok"}

    def skip(self, what, why):
        self.rows.append([what, "", why, "", "not measured"])
        self.missing = True

    def show(self):
        rows = [self.HEAD] + self.rows
        wide = [max(len(r[i]) for r in rows) for i in range(len(self.HEAD))]
        rows.insert(1, ["-" * w for w in wide])
        for r in rows:
            print("| " + " | ".join(c.ljust(w) for c, w in zip(r, wide)) +
                  " |")


def part_tp(rig, table):
    v = turns(rig, "throughput", rig.o.runs, [VIVA, TMUX], rig.workloads)
    means = []
    for i, load in enumerate(WORKLOADS):
        ratio = median(v[VIVA][i]) / median(v[TMUX][i])
        means.append(ratio)
        table.add("throughput, " + load, v[VIVA][i], "tmux", v[TMUX][i],
                  "MB/s", ratio, ratio >= 1)
    mean = geometric(means)
    table.add("throughput, geometric mean of the ratios", [mean], "at least",
              [2.0], "x", mean / 2, mean >= 2)


def part_record(rig, table):
    """Recording on against off: pairs that are neighbours in time, so what
    changes slowly falls out, and an interval, so that noise is seen."""
    rounds, broken = [], 0
    while len(rounds) < rig.o.rounds:
        i = len(rounds)
        print("rig: recording, %d of %d" % (i + 1, rig.o.rounds),
              file=sys.stderr)
        try:
            rounds.append(rig.costs([VIVA, OFF] if i % 2 == 0
                                    else [OFF, VIVA]))
        except Broken as e:
            print("rig: recording: %s" % e, file=sys.stderr)
            broken += 1
            if broken == 3:
                raise
    # By round and workload: ln of speed on to speed off; CPU on less off.
    speed = [[statistics.fmean(math.log(on[0] / off[0])
                               for on, off in zip(w[VIVA], w[OFF]))
              for w in r] for r in rounds]
    cpu = [[statistics.fmean(on[1] - off[1]
                             for on, off in zip(w[VIVA], w[OFF]))
            for w in r] for r in rounds]
    loss = [(1 - math.exp(x)) * 100 for x in interval(speed)]
    loss[1:] = sorted(loss[1:])
    table.bounded("recording, loss of throughput (95 % interval)", loss,
                  3.0, "%")
    share = [x / median([off[1] for r in rounds for w in r for off in w[OFF]])
             for x in interval(cpu)]
    print("recording, CPU of viva: %.2f (%.2f–%.2f) ms per MB more, %.0f %%" %
          (*interval(cpu), share[0] * 100))


def interval(rounds, times=4000):
    """Of values by round and workload: the mean over the workloads of each
    one's median over the rounds, and the ends of its 95 % interval, by
    drawing rounds anew with a fixed seed."""
    def middle(some):
        return statistics.fmean(median(v) for v in zip(*some))

    rand = random.Random(7)
    drawn = sorted(middle(rand.choices(rounds, k=len(rounds)))
                   for _ in range(times))
    return [middle(rounds), drawn[int(times * 0.025)],
            drawn[int(times * 0.975)]]


def times_of(runs):
    return [x for bursts in runs for times in bursts for x in times]


def ratio_between(mine, peer, q, times=1000):
    """Of two lists of runs of bursts: the ratio of a quantile of all their
    times, and the ends of its 95 % interval, by drawing anew."""
    def ratio(pairs):
        return (quantile([x for one, _ in pairs for x in one], q) /
                quantile([x for _, one in pairs for x in one], q))

    rand = random.Random(7)
    runs = [list(zip(*r)) for r in zip(mine, peer)]
    drawn = sorted(ratio([pair for r in rand.choices(runs, k=len(runs))
                          for pair in rand.choices(r, k=len(r))])
                   for _ in range(times))
    return [ratio(sum(runs, [])), drawn[int(times * 0.025)],
            drawn[int(times * 0.975)]]


def side_by_side(rig, what, fn, names):
    """Runs of fn(names), by name."""
    v = {name: [] for name in names}
    for i in range(rig.o.runs):
        print("rig: %s, %d of %d" % (what, i + 1, rig.o.runs),
              file=sys.stderr)
        for name, bursts in fn(names).items():
            v[name].append(bursts)
    return v


def part_lat(rig, table):
    what = "key to echo, idle"
    v = side_by_side(rig, what, rig.idle, [VIVA, TMUX, OFF])
    for q in (0.5, 0.99):
        table.beside("%s, p%d" % (what, q * 100), v, VIVA, TMUX, q)
    for q in (0.5, 0.99):
        table.beside("recording, %s, p%d" % (what, q * 100), v, VIVA, OFF, q,
                     no_change=True)
    what = "key to echo, flood"
    v = turns(rig, what, rig.o.runs, [VIVA, TMUX], rig.flooded)
    for q in (0.5, 0.99):
        mine, peer = ([quantile(r, q) for r in v[n][0]] for n in (VIVA, TMUX))
        ratio = median(mine) / median(peer)
        table.add("%s, p%d" % (what, q * 100), mine, "tmux", peer, "ms",
                  ratio, ratio <= 1)


def part_editor(rig, table):
    peers = [p for p in ("vis", "nano") if shutil.which(p)]
    what = "key to screen in the editor"
    for p in sorted({"vis", "nano"} - set(peers)):
        print("%s is not installed: not compared with it" % p)
    if not peers:
        table.skip(what, "neither vis nor nano is installed")
        return
    v = side_by_side(rig, what, rig.editors, [VIVA] + peers)
    for q in (0.5, 0.99):
        best = min(peers, key=lambda n: quantile(times_of(v[n]), q))
        table.beside("%s, p%d" % (what, q * 100), v, VIVA, best, q)


def part_start(rig, table):
    v = turns(rig, "start", rig.o.starts, [VIVA, TMUX], rig.startup)
    ratio = median(v[VIVA][0]) / median(v[TMUX][0])
    table.add("start to a whole screen with a prompt (at most 1.5)",
              v[VIVA][0], "tmux", v[TMUX][0], "ms", ratio, ratio <= 1.5)


def part_mem(rig, table):
    v = turns(rig, "memory", min(rig.o.runs, 3), [VIVA], rig.resident)[VIVA]
    for what, runs in zip(("resident", "proportional share"), v):
        table.add("memory, 10,000 lines of scrollback, " + what, runs,
                  "under", [30.0], "MB", median(runs) / 30, median(runs) < 30)


def part_seek(rig, table):
    print("rig: seek", file=sys.stderr)
    out = subprocess.run([rig.o.tools + "/bench-replay"], check=True,
                         stdout=subprocess.PIPE, text=True).stdout
    found = re.search(r"^seek at most ([0-9.]+) ms", out, re.M)
    if not found:
        raise Broken("bench-replay: " + out)
    ms = float(found.group(1))
    table.add("seek in a record of an hour, the slowest", [ms], "under",
              [100.0], "ms", ms / 100, ms < 100)


def sanitized(path):
    with open(path, "rb") as f:
        return b"__asan_init" in f.read()


def stolen_s():
    """Processor time since the boot that the host of this virtual machine
    gave to others (proc(5), the cpu line's steal): a key that falls into it
    is late whatever the program does."""
    with open("/proc/stat") as f:
        ticks = f.readline().split()[8:9]
    return int(ticks[0]) / os.sysconf("SC_CLK_TCK") if ticks else 0


def machine():
    model = "?"
    with open("/proc/cpuinfo") as f:
        for line in f:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    where = subprocess.run(["stat", "-f", "-c", "%T", tempfile.gettempdir()],
                           stdout=subprocess.PIPE, text=True).stdout.strip()
    tmux = subprocess.run(["tmux", "-V"], stdout=subprocess.PIPE,
                          text=True).stdout.strip()
    return "%d x %s, Linux %s, %s, %s in %s" % (
        os.cpu_count(), model, os.uname().release, tmux, where,
        tempfile.gettempdir())


def options():
    p = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--viva", default="./viva", help="the binary to measure")
    p.add_argument("--tools", default="tests/bench",
                   help="where awake, bench-vt, bench-replay and echo are")
    p.add_argument("--only", choices=PARTS, action="append")
    p.add_argument("--quick", action="store_true",
                   help="a first impression in a minute")
    p.add_argument("--no-zoom", action="store_true",
                   help="the shell in viva's usual layout, not alone")
    p.add_argument("--runs", type=int, help="repetitions (5)")
    p.add_argument("--rounds", type=int, help="of part record (12, at least 3)")
    p.add_argument("--json", metavar="FILE", help="all figures, to a file")
    o = p.parse_args()
    o.viva, o.tools = os.path.abspath(o.viva), os.path.abspath(o.tools)
    o.runs = o.runs or (2 if o.quick else 5)
    o.rounds = max(3, o.rounds or (0 if o.quick else 12))
    o.starts = 7 if o.quick else max(21, o.runs)
    o.keys = 60 if o.quick else 300
    o.bursts = 6 if o.quick else 12
    o.mib = 2 if o.quick else 8
    for path in [o.viva] + [o.tools + "/" + x
                            for x in ("awake", "bench-vt", "bench-replay",
                                      "echo")]:
        if not os.access(path, os.X_OK):
            p.error("%s is not there: build it first" % path)
    if not shutil.which("tmux"):
        p.error("tmux is not installed; it is what viva is measured against")
    return o


def main():
    o = options()

    def leave(number, frame):
        raise SystemExit(128 + number)

    for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(s, leave)
    adopt_orphans()
    gc.disable()
    print(machine())
    if sanitized(o.viva):
        print("WARNING: viva is built with sanitizers; the figures mean "
              "nothing.\nConfigure without --enable-sanitizers to measure.")
    began, load, stolen = time.monotonic(), os.getloadavg()[0], stolen_s()
    rig, table = Rig(o), Table()
    try:
        for part in o.only or PARTS:
            try:
                globals()["part_" + part](rig, table)
            except Broken as e:
                table.skip(part, str(e)[:200])
    finally:
        rig.close()
    print("%d runs in %d s, load %.2f before and %.2f after, %.1f s stolen by "
          "the host, terminal of %dx%d" % (
              o.runs, time.monotonic() - began, load, os.getloadavg()[0],
              stolen_s() - stolen, COLS, ROWS))
    print("what fell into that: of %(keys)d keys %(left out)d, left out; of "
          "%(floods)d floods of part record %(again)d, taken once more, and "
          "%(kept)d kept\n" % TAKEN)
    table.show()
    if o.json:
        with open(o.json, "w") as f:
            json.dump(table.figures, f, indent=1)
    return 1 if table.missing else 0


if __name__ == "__main__":
    sys.exit(main())
