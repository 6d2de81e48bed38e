#!/usr/bin/python3 -IS
"""Stands for the file tool that Modal puts into every sandbox.

Called with one argument, a JSON object with one operation; data comes on
stdin or goes to stdout.  On failure: a JSON object on stderr, exit 1.
"""
import ctypes
import errno
import grp
import json
import os
import pwd
import select
import stat
import struct
import sys
import time

CHUNK = 256 * 1024
# Where a mount is only a directory somewhere else: what to call a path.
shown = str


class Failure(Exception):
    def __init__(self, kind, message, detail=""):
        super().__init__(message)
        self.kind, self.message, self.detail = kind, message, detail


def failure_of(e):
    kinds = {
        errno.ENOENT: ("NotFound", "No such file or directory"),
        errno.EISDIR: ("IsDirectory", "Is a directory"),
        errno.ENOTDIR: ("NotDirectory", "Not a directory"),
        errno.EEXIST: ("AlreadyExists", "File exists"),
        errno.ENOTEMPTY: ("DirectoryNotEmpty", "Directory not empty"),
        errno.EACCES: ("PermissionDenied", "Permission denied"),
        errno.EPERM: ("PermissionDenied", "Operation not permitted"),
        errno.EROFS: ("PermissionDenied", "Read-only file system"),
        errno.EFBIG: ("FileTooLarge", "File too large"),
        errno.ENOTSUP: ("NotSupported", "Not supported"),
    }
    kind, message = kinds.get(e.errno, ("Other", os.strerror(e.errno or 0)))
    return Failure(kind, message, str(e))


def write_all(fd, data):
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view):]


def write_file(arg):
    path = arg["path"]
    if os.path.isdir(path):
        raise Failure("IsDirectory", "Is a directory")
    folder = os.path.dirname(path)
    try:
        os.makedirs(folder, exist_ok=True)
    except FileExistsError:
        raise Failure("NotDirectory", "Not a directory") from None
    temp = "%s/.fs-tools-%d-%d" % (folder, os.getpid(), time.monotonic_ns())
    mode = 0o644
    try:
        mode = stat.S_IMODE(os.stat(path).st_mode)
    except FileNotFoundError:
        pass
    fd = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        while True:
            data = os.read(0, CHUNK)
            if not data:
                break
            write_all(fd, data)
        os.close(fd)
        os.rename(temp, path)
    except BaseException:
        os.unlink(temp)
        raise


def read_file(arg):
    if os.path.isdir(arg["path"]):
        raise Failure("IsDirectory", "Is a directory")
    fd = os.open(arg["path"], os.O_RDONLY)
    while True:
        data = os.read(fd, CHUNK)
        if not data:
            break
        write_all(1, data)
    os.close(fd)


def name_of(lookup, number):
    try:
        return lookup(number)[0]
    except KeyError:
        return str(number)


def describe(path):
    st = os.lstat(path)
    kind = "file"
    if stat.S_ISDIR(st.st_mode):
        kind = "directory"
    elif stat.S_ISLNK(st.st_mode):
        kind = "symlink"
    entry = {
        "name": os.path.basename(path.rstrip("/")) or "/",
        "path": shown(path), "type": kind, "size": st.st_size,
        "mode": stat.S_IMODE(st.st_mode),
        "permissions": stat.filemode(st.st_mode)[1:],
        "owner": name_of(pwd.getpwuid, st.st_uid),
        "group": name_of(grp.getgrgid, st.st_gid),
        "modified_time": st.st_mtime,
    }
    if kind == "symlink":
        entry["symlink_target"] = os.readlink(path)
    return entry


def show(value):
    write_all(1, json.dumps(value).encode())


def list_files(arg):
    path = arg["path"]
    found = []
    for name in sorted(os.listdir(path)):
        try:
            found.append(describe(os.path.join(path, name)))
        except FileNotFoundError:
            pass
    show(found)


def make_directory(arg):
    path = arg["path"]
    if arg.get("parents"):
        try:
            os.makedirs(path, exist_ok=True)
        except FileExistsError:
            raise Failure("NotDirectory", "Not a directory") from None
        return
    try:
        os.mkdir(path)
    except FileExistsError:
        raise Failure("PathAlreadyExists", "Path already exists") from None


def remove_tree(path):
    if os.path.isdir(path) and not os.path.islink(path):
        for name in os.listdir(path):
            remove_tree(os.path.join(path, name))
        os.rmdir(path)
    else:
        os.unlink(path)


def remove(arg):
    path = arg["path"]
    if stat.S_ISDIR(os.lstat(path).st_mode):
        if arg.get("recursive"):
            remove_tree(path)
        else:
            os.rmdir(path)
    else:
        os.unlink(path)


# ---- Watch ----------------------------------------------------------------

IN_ACCESS, IN_MODIFY, IN_ATTRIB, IN_CLOSE_WRITE = 1, 2, 4, 8
IN_MOVED_FROM, IN_MOVED_TO, IN_CREATE, IN_DELETE = 64, 128, 256, 512
IN_Q_OVERFLOW, IN_IGNORED, IN_ISDIR = 0x4000, 0x8000, 0x40000000
MASK = (IN_ACCESS | IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE | IN_MOVED_FROM
        | IN_MOVED_TO | IN_CREATE | IN_DELETE)
TYPES = ((IN_CREATE, "Create"), (IN_DELETE, "Remove"), (IN_MODIFY, "Modify"),
         (IN_ATTRIB, "Modify"), (IN_ACCESS, "Access"),
         (IN_CLOSE_WRITE, "Access"), (IN_Q_OVERFLOW, "Unknown"))


class Watch:
    def __init__(self, path, recursive, wanted):
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.fd = self.libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        self.recursive, self.wanted = recursive, wanted
        self.paths = {}
        self.moved = None
        self.add(os.path.realpath(path))

    def add(self, path):
        wd = self.libc.inotify_add_watch(self.fd, os.fsencode(path), MASK)
        if wd < 0:
            e = ctypes.get_errno()
            if e == errno.ENOENT and self.paths:
                return
            raise OSError(e, os.strerror(e))
        self.paths[wd] = path
        if self.recursive and os.path.isdir(path):
            for entry in os.scandir(path):
                if entry.is_dir(follow_symlinks=False):
                    self.add(entry.path)

    def emit(self, kind, *paths):
        if self.wanted is None or kind in self.wanted:
            line = json.dumps({"event_type": kind,
                               "paths": [shown(p) for p in paths]})
            write_all(1, line.encode() + b"\n")

    def flush_move(self):
        if self.moved:
            self.emit("RenameFrom", self.moved[1])
            self.moved = None

    def event(self, wd, mask, cookie, name):
        if mask & IN_IGNORED:
            self.paths.pop(wd, None)
            return
        path = self.paths.get(wd, "")
        if name:
            path = path + "/" + name
        if mask & IN_MOVED_TO:
            if self.moved and self.moved[0] == cookie:
                self.emit("Rename", self.moved[1], path)
                self.moved = None
            else:
                self.emit("RenameTo", path)
        else:
            self.flush_move()
            if mask & IN_MOVED_FROM:
                self.moved = (cookie, path)
            for bit, kind in TYPES:
                if mask & bit:
                    self.emit(kind, path)
        if self.recursive and mask & IN_ISDIR \
                and mask & (IN_CREATE | IN_MOVED_TO):
            self.add(path)

    def pump(self):
        try:
            data = os.read(self.fd, 65536)
        except BlockingIOError:
            return
        at = 0
        while at < len(data):
            wd, mask, cookie, size = struct.unpack_from("iIII", data, at)
            name = data[at + 16:at + 16 + size].rstrip(b"\0")
            at += 16 + size
            self.event(wd, mask, cookie, os.fsdecode(name))
        self.flush_move()


def watch(arg):
    watcher = Watch(arg["path"], bool(arg.get("recursive")),
                    arg.get("filter"))
    limit = arg.get("timeout_secs")
    end = None if limit is None else time.monotonic() + limit
    while True:
        left = None if end is None else max(0, end - time.monotonic())
        ready, _, _ = select.select([0, watcher.fd], [], [], left)
        if not ready:
            return
        if watcher.fd in ready:
            watcher.pump()
        if 0 in ready and not os.read(0, 4096):
            return


OPS = {"WriteFile": write_file, "ReadFile": read_file, "Stat":
       lambda arg: show(describe(arg["path"])), "ListFiles": list_files,
       "MakeDirectory": make_directory, "Remove": remove, "Watch": watch}


def main(argv):
    try:
        if len(argv) != 2:
            raise Failure("Other", "one argument is wanted")
        (op, arg), = json.loads(argv[1]).items()
        if op not in OPS:
            raise Failure("NotSupported", "no such operation: " + op)
        if not arg["path"].startswith("/"):
            raise Failure("Other", "the path is not absolute")
        OPS[op](arg)
        return 0
    except OSError as e:
        bad = failure_of(e)
    except (ValueError, KeyError, AttributeError) as e:
        bad = Failure("Other", "cannot read the request", str(e))
    except Failure as e:
        bad = e
    write_all(2, json.dumps({"error_kind": bad.kind, "message": bad.message,
                             "detail": bad.detail}).encode())
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv))
