package main

import (
	"fmt"
	"os"
	"strings"

	pb "github.com/modal-labs/modal-client/go/proto/modal_proto"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// One message of ours stands for three of theirs; only one has this field.
var onlyIn = map[protoreflect.FullName]protoreflect.Name{
	"modal.client.CommandRouterAccess.worker_ipv4_address": "SandboxGetCommandRouterAccessResponse"}

// These travel inside an error's details, so that no RPC names them.
var loose = map[protoreflect.Name]protoreflect.Name{
	"ErrorStatus": "RPCStatus", "RPCRetryPolicy": "RPCRetryPolicy"}

// pairs compares messages of ours with theirs, each pair once.
type pairs struct {
	done   map[[2]protoreflect.FullName]bool
	bad    []string
	fields int
}

// protos compares all that our files have and returns how much differs.
func protos(path string) int {
	set, err := load(path)
	if err != nil {
		fmt.Println("FAILED", err)
		return 1
	}
	theirs := []protoreflect.FileDescriptor{pb.File_modal_proto_api_proto,
		pb.File_modal_proto_task_command_router_proto}
	p := &pairs{done: map[[2]protoreflect.FullName]bool{}}
	failed, calls := 0, 0
	set.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		for _, other := range theirs {
			if file.Package() != other.Package() {
				continue
			}
			failed += p.loose(file, other)
			for i := range file.Services().Len() {
				n, bad := p.service(file.Services().Get(i), other)
				calls, failed = calls+n, failed+bad
			}
		}
		return true
	})
	if calls == 0 {
		fmt.Println("FAILED no call was compared")
		failed++
	}
	fmt.Printf("%d calls and %d fields compared, %d calls differ\n", calls,
		p.fields, failed)
	return failed
}

func load(path string) (interface {
	RangeFiles(func(protoreflect.FileDescriptor) bool)
}, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	set := &descriptorpb.FileDescriptorSet{}
	if err := proto.Unmarshal(data, set); err != nil {
		return nil, err
	}
	return protodesc.NewFiles(set)
}

func (p *pairs) loose(file, other protoreflect.FileDescriptor) int {
	p.bad = nil
	for ours, theirs := range loose {
		if m := file.Messages().ByName(ours); m != nil {
			p.message(m, other.Messages().ByName(theirs))
		}
	}
	if len(p.bad) == 0 {
		return 0
	}
	fmt.Printf("FAILED %s\n\t%s\n", file.Path(), strings.Join(p.bad, "\n\t"))
	return 1
}

func (p *pairs) service(ours protoreflect.ServiceDescriptor,
	file protoreflect.FileDescriptor) (calls, failed int) {
	theirs := file.Services().ByName(ours.Name())
	for i := range ours.Methods().Len() {
		a := ours.Methods().Get(i)
		p.bad = nil
		if theirs == nil || theirs.Methods().ByName(a.Name()) == nil {
			p.bad = append(p.bad, "no such call")
		} else {
			b := theirs.Methods().ByName(a.Name())
			if a.IsStreamingClient() != b.IsStreamingClient() ||
				a.IsStreamingServer() != b.IsStreamingServer() {
				p.bad = append(p.bad, "streams otherwise")
			}
			p.message(a.Input(), b.Input())
			p.message(a.Output(), b.Output())
		}
		calls++
		if len(p.bad) > 0 {
			failed++
			fmt.Printf("FAILED %s\n\t%s\n", a.FullName(),
				strings.Join(p.bad, "\n\t"))
		}
	}
	return
}

func (p *pairs) message(ours, theirs protoreflect.MessageDescriptor) {
	key := [2]protoreflect.FullName{ours.FullName(), theirs.FullName()}
	if p.done[key] {
		return
	}
	p.done[key] = true
	for i := range ours.Fields().Len() {
		a := ours.Fields().Get(i)
		if only, ok := onlyIn[a.FullName()]; ok && only != theirs.Name() {
			continue
		}
		p.fields++
		b := theirs.Fields().ByNumber(a.Number())
		if b == nil {
			p.say(a, "there is none in %s", theirs.Name())
			continue
		}
		p.field(a, b)
	}
}

func (p *pairs) say(a protoreflect.FieldDescriptor, format string,
	more ...any) {
	p.bad = append(p.bad, fmt.Sprintf("%s = %d: ", a.FullName(),
		a.Number())+fmt.Sprintf(format, more...))
}

// Names of fields are compared too, as they say what a number is for; those
// of messages and of enums' values are not on the wire and may be shorter.
func (p *pairs) field(a, b protoreflect.FieldDescriptor) {
	if a.Name() != b.Name() {
		p.say(a, "it is called %s", b.Name())
	}
	if a.Kind() != b.Kind() {
		p.say(a, "%s here, %s there", a.Kind(), b.Kind())
		return
	}
	if a.Cardinality() != b.Cardinality() || a.IsMap() != b.IsMap() ||
		a.IsPacked() != b.IsPacked() {
		p.say(a, "%s here, %s there", a.Cardinality(), b.Cardinality())
		return
	}
	if choice(a) != choice(b) {
		p.say(a, "one of several here: %t, there: %t", choice(a), choice(b))
	}
	switch {
	case a.Kind() == protoreflect.MessageKind:
		p.message(a.Message(), b.Message())
	case a.Kind() == protoreflect.EnumKind:
		p.enum(a, a.Enum(), b.Enum())
	}
}

// choice: is it one of several, of which one is set?
func choice(f protoreflect.FieldDescriptor) bool {
	return f.ContainingOneof() != nil && f.ContainingOneof().Fields().Len() > 1
}

// Ours have other prefixes, and may have another name for zero.
func (p *pairs) enum(f protoreflect.FieldDescriptor,
	ours, theirs protoreflect.EnumDescriptor) {
	for i := range ours.Values().Len() {
		a := ours.Values().Get(i)
		b := theirs.Values().ByNumber(a.Number())
		if b == nil {
			p.say(f, "no value %d there, %s here", a.Number(), a.Name())
			continue
		}
		if a.Number() != 0 && last(a.Name()) != last(b.Name()) {
			p.say(f, "value %d is %s here, %s there", a.Number(), a.Name(),
				b.Name())
		}
	}
}

func last(name protoreflect.Name) string {
	words := strings.Split(string(name), "_")
	return words[len(words)-1]
}
