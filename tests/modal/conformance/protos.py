"""Compares our .proto files with the messages of Python's official client:
every RPC and every field that can be reached from it has the same number,
name and type there; every value of an enum is one there.

usage: protos.py        (with that client's python)
"""
import os
import subprocess
import sys
import tempfile

from google.protobuf import descriptor_pb2, descriptor_pool
from modal_proto import api_pb2, task_command_router_pb2

HERE = os.path.dirname(os.path.abspath(__file__))
FAKE = os.path.join(HERE, "..", "fake")
SANDBOX = os.path.join(HERE, "..", "..", "..", "src", "sandbox")
THEIRS = {"ModalClient": api_pb2, "TaskCommandRouter":
          task_command_router_pb2}
# Travel inside an error's details, so that no RPC names them.
LOOSE = {"ErrorStatus": "RPCStatus", "RPCRetryPolicy": "RPCRetryPolicy"}
# One message of ours stands for three of theirs; only one has this field.
ONLY_IN = {("CommandRouterAccess", "worker_ipv4_address"):
           "SandboxGetCommandRouterAccessResponse"}


def load_ours():
    """In a pool of their own: the packages have the same names."""
    pool, files = descriptor_pool.DescriptorPool(), []
    with tempfile.NamedTemporaryFile(prefix="conf.") as out:
        subprocess.run(["protoc", "-I" + SANDBOX, "-I" + FAKE,
                        "--descriptor_set_out=" + out.name, "modal.proto",
                        "modal-router.proto", "more.proto"], check=True)
        found = descriptor_pb2.FileDescriptorSet.FromString(out.read())
    for proto in found.file:
        pool.Add(proto)
        files.append(pool.FindFileByName(proto.name))
    return files


def streams(method):
    proto = descriptor_pb2.MethodDescriptorProto()
    method.CopyToProto(proto)
    return proto.client_streaming, proto.server_streaming


def is_map(field):
    return field.message_type and field.message_type.GetOptions().map_entry


class Compare:
    def __init__(self):
        self.done, self.bad, self.fields = set(), [], 0

    def messages(self, ours, theirs):
        if (ours.full_name, theirs.full_name) in self.done:
            return
        self.done.add((ours.full_name, theirs.full_name))
        known = theirs.fields_by_number
        for f in ours.fields:
            if ONLY_IN.get((ours.name, f.name), theirs.name) == theirs.name:
                self.field(f, known.get(f.number), theirs.name)

    def field(self, f, there, name):
        self.fields += 1
        where = "%s.%s = %d: " % (f.containing_type.name, f.name, f.number)
        if there is None:
            self.bad.append(where + "%s has no such field" % name)
            return
        # An enum of one file's own is only a number to another.
        alike = f.type == there.type or (f.cpp_type, there.type) == (
            f.CPPTYPE_UINT32, f.TYPE_ENUM)
        if f.name != there.name or not alike \
                or f.is_repeated != there.is_repeated:
            self.bad.append(where + "there %s, of type %d"
                            % (there.name, there.type))
        elif is_map(f) or is_map(there):
            if not is_map(f) or not is_map(there):
                self.bad.append(where + "a map is none")
        elif f.message_type:
            self.messages(f.message_type, there.message_type)
        elif f.enum_type:
            for value in f.enum_type.values:
                if value.number not in there.enum_type.values_by_number:
                    self.bad.append(where + "%s = %d is no value there"
                                    % (value.name, value.number))

    def call(self, method, service):
        there = service.methods_by_name.get(method.name)
        if there is None:
            self.bad.append("no such RPC")
            return
        if streams(method) != streams(there):
            self.bad.append("streams %s here, %s there"
                            % (streams(method), streams(there)))
        for kind in ("input_type", "output_type"):
            self.messages(getattr(method, kind), getattr(there, kind))

    def show(self, what):
        print("%-6s %s" % ("FAILED" if self.bad else "ok", what),
              *self.bad, sep="\n       ")
        failed, self.bad = bool(self.bad), []
        return failed


def main():
    compare, failed = Compare(), 0
    for file in load_ours():
        for name, other in LOOSE.items():
            if name in file.message_types_by_name:
                compare.messages(file.message_types_by_name[name],
                                 api_pb2.DESCRIPTOR.message_types_by_name[
                                     other])
                failed += compare.show(name)
        for service in file.services_by_name.values():
            name = service.name.removesuffix("More")
            there = THEIRS[name].DESCRIPTOR.services_by_name[name]
            for method in service.methods:
                compare.call(method, there)
                failed += compare.show("%s/%s" % (there.full_name,
                                                  method.name))
    print("%d fields of %d pairs of messages compared, %d RPCs differ"
          % (compare.fields, len(compare.done), failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
