"""Whether a record has every state of the connection that a person saw, and
nothing that was not so: what the top line showed against conn.state.  Not
shown is why, so states that differ in this alone rest on their numbers, and
on test-core: the core makes one event of each."""

import re

STARTING, ONLINE, RETRYING, OFFLINE, GONE = range(5)
TRIES = 100
# A state that stood so long has been on the screen: frames that wait for
# nothing come after 50 ms at most.
SEEN_US = 250000

TOKEN = re.compile(
    r"\x1b\[(\d*);?(\d*)H"            # 1, 2: a move
    r"|\x1b\[(\d*)X|\x1b\[(0?)K"      # 3, 4: erased, some or to the end
    r"|\x1b\[[0-?]*[ -/]*[@-~]|\x1b[()][0-~]|\x1b[0-Z\\-~]"
    r"|[^\x1b]")
STATUS = re.compile(r"modal · (starting|sandboxed|retrying (\d+) of \d+|"
                    r"offline|gone)")
NAMES = {"starting": STARTING, "sandboxed": ONLINE, "offline": OFFLINE,
         "gone": GONE}


class TopLine:
    """The first row of the screen, out of what a terminal is sent."""

    def __init__(self, cols):
        self.cells = [" "] * cols
        self.row = self.col = -1
        self.held, self.dirty = b"", False
        self.shown = []  # (state, try), each once

    def feed(self, data):
        data = self.held + data
        text = data.decode("utf-8", "ignore")
        cut = max(data.rfind(b"\033"), len(data) - 3)
        for end in (len(data), cut):  # not in the middle of something
            try:
                text = data[:end].decode()
            except UnicodeDecodeError:
                continue
            last = text.rfind("\033")
            if last < 0 or TOKEN.match(text, last):
                break
        self.held = data[len(text.encode()):]
        for token in TOKEN.finditer(text):
            self.take(token)

    def take(self, token):
        if token[1] is not None:
            self.move(int(token[1] or 1) - 1, int(token[2] or 1) - 1)
        elif self.row != 0:
            return
        elif token[3] is not None:
            self.put(" " * int(token[3] or 1))
        elif token[4] is not None:
            self.put(" " * len(self.cells[self.col:]))
        elif token[0][0] >= " ":
            self.put(token[0])
            self.col += 1

    def put(self, text):
        for i, char in enumerate(text, self.col):
            if i < len(self.cells):
                self.cells[i] = char
        self.dirty = True

    def move(self, row, col):
        """Away from the row it is whole: each frame sets the cursor."""
        if self.row == 0 and row != 0 and self.dirty:
            self.dirty = False
            found = STATUS.search("".join(self.cells))
            state = found and ((RETRYING, int(found[2])) if found[2] else
                               (NAMES[found[1]], 0))
            if state and self.shown[-1:] != [state]:
                self.shown.append(state)
        self.row, self.col = row, col


def told_by(events):
    return [e for e in events if e["type"] == "conn.state"]


def label(event):
    state = event.get("state", STARTING)
    return state, event.get("attempt", 0) if state == RETRYING else 0


def gaps(events):
    """An event has its number before anything else is done with it, so one
    that the journal lost leaves a gap."""
    for want, e in enumerate(events, 1):
        if e["seq"] != want:
            yield "event %d is where %d should be" % (e["seq"], want)
            return


def order(told):
    """What cannot be so in a record of one sandbox that ends online."""
    tried, before = 0, None  # in this break
    for i, e in enumerate(told):
        (state, number), what = label(e), "state %d: " % i
        same = {k: e.get(k) for k in ("state", "attempt", "why")}
        if same == before:
            yield what + "twice the same"
        before = same
        if state == STARTING and i > 0 and label(told[i - 1])[0] != STARTING:
            yield what + "starting again"
        elif state == ONLINE:
            tried = 0
            if i == 0 or label(told[i - 1])[0] == ONLINE:
                yield what + "online, and was not away"
        elif state in (RETRYING, OFFLINE):
            number = e.get("attempt", 0)
            if e.get("attempts") != TRIES or not e.get("why"):
                yield what + "not of how many, or not why"
            if (number >= TRIES) != (state == OFFLINE):
                yield what + "try %d is state %d" % (number, state)
            if number != tried + 1:
                yield what + "try %d after %d" % (number, tried)
            tried = number
        elif state == GONE:
            yield what + "gone"
    if not told or label(told[-1])[0] != ONLINE:
        yield "not online at last"


def stood(told, end):
    """[label, us], neighbours that look the same as one."""
    out = []
    for e, after in zip(told, [x["t"] for x in told[1:]] + [end]):
        if not out or out[-1][0] != label(e):
            out.append([label(e), 0])
        out[-1][1] += after - e["t"]
    return out


def missing(told, shown, end):
    """Every state on the screen is recorded, in this order, and every
    recorded one that stood long enough was on the screen: None, or what is
    not."""
    states = stood(told, end)
    at, before = {-1}, None
    for n, state in enumerate(shown):
        after = set()
        for i in at:
            for k in range(i + 1, len(states)):
                if states[k][0] == state:
                    after.add(k)
                # Of the one before more may stand, with others between that
                # went by unseen.
                if states[k][1] >= SEEN_US and states[k][0] != before:
                    break
        if not after:
            return "state %d on the screen, %r, is not in the record after " \
                "%r" % (n, state, [states[i] for i in sorted(at)][-1:])
        at, before = after, state
    for i in at:
        if all(us < SEEN_US or x == before for x, us in states[i + 1:]):
            return None
    return "the record goes on after the screen"
