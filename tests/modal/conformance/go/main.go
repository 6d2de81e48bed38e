// Drives the fake with Modal's official client for Go; run-go starts it,
// inside `fake-modal ... --`.
//
//	client checks         a line per check; status 1 when one failed
//	client act            the act of act.mjs, for a recording of its requests
//	client protos FILE    what protoc made of src/sandbox/*.proto (a
//	                      descriptor set), against the client's own
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"

	modal "github.com/modal-labs/modal-client/go"
	pb "github.com/modal-labs/modal-client/go/proto/modal_proto"
	"google.golang.org/grpc"
)

// wire keeps what the client speaks over: calls that its services do not
// make go out by the same connection, with its headers and its retries.
type wire struct {
	once sync.Once
	stub pb.ModalClientClient
}

func (w *wire) keep(ctx context.Context, method string, req, reply any,
	cc *grpc.ClientConn, invoke grpc.UnaryInvoker,
	opts ...grpc.CallOption) error {
	w.once.Do(func() { w.stub = pb.NewModalClientClient(cc) })
	return invoke(ctx, method, req, reply, cc, opts...)
}

func newClient(params modal.ClientParams) (*modal.Client, *wire, error) {
	w := &wire{}
	if params.Logger == nil {
		params.Logger = slog.New(slog.NewTextHandler(os.Stderr,
			&slog.HandlerOptions{Level: slog.LevelError}))
	}
	params.GRPCUnaryInterceptors = []grpc.UnaryClientInterceptor{w.keep}
	client, err := modal.NewClientWithOptions(&params)
	return client, w, err
}

func main() {
	if len(os.Args) < 2 || os.Getenv("MODAL_SERVER_URL") == "" &&
		os.Args[1] != "protos" {
		fmt.Fprintln(os.Stderr, "run-go and fake-modal start this")
		os.Exit(2)
	}
	// The client trusts what the system does.
	os.Setenv("SSL_CERT_FILE", os.Getenv("FAKE_MODAL_CA"))
	bad := false
	switch {
	case os.Args[1] == "checks":
		bad = checks() > 0
	case os.Args[1] == "act":
		bad = act() != nil
	case os.Args[1] == "protos" && len(os.Args) == 3:
		bad = protos(os.Args[2]) > 0
	default:
		fmt.Fprintln(os.Stderr, "no such order:", os.Args[1])
		bad = true
	}
	if bad {
		os.Exit(1)
	}
}
