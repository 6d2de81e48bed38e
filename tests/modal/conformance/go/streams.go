package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"time"

	modal "github.com/modal-labs/modal-client/go"
)

func (s *suite) streams() {
	s.check("streams: broken and resumed, nothing lost", s.broken)
	s.check("streams: reset amid a message", s.reset)
	s.check("streams: random breaks for a while", s.chaos)
	s.check("streams: after a GOAWAY", func(ctx context.Context) error {
		if err := order("/net", values{"action": "goaway"},
			nil); err != nil {
			return err
		}
		out, _, _, err := run(ctx, s.sb, nil, "echo", "on")
		if err != nil {
			return err
		}
		return same(out, "on\n")
	})
	s.check("streams: given back when idle, taken up at the byte", s.idle)
	s.check("stdin: an answer that was lost, no byte twice",
		func(ctx context.Context) error {
			p, err := s.sb.Exec(ctx, []string{"cat"}, nil)
			if err != nil {
				return err
			}
			if err := order("/faults", values{
				"rpc": "TaskExecStdinWrite", "after": true,
				"code": "UNAVAILABLE", "times": 2}, nil); err != nil {
				return err
			}
			for _, text := range []string{"once\n", "twice\n"} {
				if _, err := p.Stdin.Write([]byte(text)); err != nil {
					return err
				}
			}
			if err := p.Stdin.Close(); err != nil {
				return err
			}
			out, _, _, err := finish(ctx, p)
			if err != nil {
				return err
			}
			if err := same(out, "once\ntwice\n"); err != nil {
				return err
			}
			return used()
		})
}

// all reads a program's output, which must be this.
func all(ctx context.Context, p *modal.ContainerProcess, want []byte) error {
	out, err := io.ReadAll(p.Stdout)
	if err != nil {
		return err
	}
	if !bytes.Equal(out, want) {
		return fmt.Errorf("%d other bytes than the %d wanted", len(out),
			len(want))
	}
	code, err := p.Wait(ctx, nil)
	if err != nil {
		return err
	}
	return same(code, 0)
}

func (s *suite) seq(ctx context.Context) (*modal.ContainerProcess, error) {
	return s.sb.Exec(ctx, []string{"seq", "1", "300000"},
		&modal.SandboxExecParams{Stderr: modal.Ignore})
}

func (s *suite) broken(ctx context.Context) error {
	if err := order("/knobs", values{"read_chunk": 65536}, nil); err != nil {
		return err
	}
	var faults list
	for n := range 3 {
		faults = append(faults, values{"rpc": "TaskExecStdioRead",
			"after_bytes": 100000 + 4321*n, "code": "UNAVAILABLE"})
	}
	if err := order("/faults", faults, nil); err != nil {
		return err
	}
	p, err := s.seq(ctx)
	if err != nil {
		return err
	}
	if err := all(ctx, p, numbers(1, 300000)); err != nil {
		return err
	}
	return used()
}

func (s *suite) reset(ctx context.Context) error {
	defer order("/knobs", values{"read_chunk": 262144}, nil)
	p, err := s.seq(ctx)
	if err != nil {
		return err
	}
	if err := order("/log", values{}, nil); err != nil {
		return err
	}
	if err := order("/net", values{"which": "router", "action": "reset",
		"after_bytes": 123456}, nil); err != nil {
		return err
	}
	if err := all(ctx, p, numbers(1, 300000)); err != nil {
		return err
	}
	var log state
	if err := order("/log", nil, &log); err != nil {
		return err
	}
	return same(log.Net["router"].Cut, 1)
}

func (s *suite) chaos(ctx context.Context) error {
	defer order("/net", values{"which": "router", "action": "calm"}, nil)
	if err := order("/net", values{"which": "router", "action": "chaos",
		"seed": 7, "mean_bytes": 20000, "kinds": list{"cut", "reset", "goaway",
			"rst-stream", "stall"}}, nil); err != nil {
		return err
	}
	p, err := s.sb.Exec(ctx, []string{"sh", "-c", "for i in $(seq 1 40); " +
		"do seq $i 2000; sleep 0.05; done"},
		&modal.SandboxExecParams{Stderr: modal.Ignore})
	if err != nil {
		return err
	}
	var want []byte
	for n := 1; n <= 40; n++ {
		want = append(want, numbers(n, 2000)...)
	}
	if err := all(ctx, p, want); err != nil {
		return err
	}
	var log state
	if err := order("/log", nil, &log); err != nil {
		return err
	}
	return same(log.Net["router"].Breaks > 3, true)
}

// A client drops the connection that nothing has used for a while, and the
// stream with it.
func (s *suite) idle(ctx context.Context) error {
	const variable = "MODAL_SANDBOX_CHANNEL_IDLE_TIMEOUT"
	os.Setenv(variable, "0.1")
	other, _, err := newClient(modal.ClientParams{})
	os.Unsetenv(variable)
	if err != nil {
		return err
	}
	defer other.Close()
	sb, err := other.Sandboxes.FromID(ctx, s.sb.SandboxID, nil)
	if err != nil {
		return err
	}
	p, err := sb.Exec(ctx, []string{"sh", "-c", "echo one; read x; echo $x"},
		nil)
	if err != nil {
		return err
	}
	out := bufio.NewReader(p.Stdout)
	first, err := out.ReadString('\n')
	if err != nil {
		return err
	}
	time.Sleep(500 * time.Millisecond)
	before, err := counts()
	if err != nil {
		return err
	}
	if _, err := p.Stdin.Write([]byte("two\n")); err != nil {
		return err
	}
	rest, err := io.ReadAll(out)
	if err != nil {
		return err
	}
	after, err := counts()
	if err != nil {
		return err
	}
	return same(list{first, string(rest), after["TaskExecStdioRead"]},
		list{"one\n", "two\n", before["TaskExecStdioRead"] + 1})
}
