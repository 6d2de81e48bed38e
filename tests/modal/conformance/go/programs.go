package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"time"

	modal "github.com/modal-labs/modal-client/go"
)

func (s *suite) programs() {
	s.check("exec: output, errors, status", func(ctx context.Context) error {
		out, errs, code, err := run(ctx, s.sb, nil, "sh", "-c",
			"echo out; echo err >&2; exit 3")
		if err != nil {
			return err
		}
		return same(list{out, errs, code}, list{"out\n", "err\n", 3})
	})
	s.check("exec: variables and workdir", func(ctx context.Context) error {
		out, _, _, err := run(ctx, s.sb, &modal.SandboxExecParams{
			Env: map[string]string{"HERE": "by exec"}, Workdir: "/tmp"},
			"sh", "-c", "echo $GIVEN; echo $HERE; pwd")
		if err != nil {
			return err
		}
		return same(out, "by create\nby exec\n/tmp\n")
	})
	s.check("exec: stdin, all 256 values", func(ctx context.Context) error {
		data := make([]byte, 256)
		for n := range data {
			data[n] = byte(n)
		}
		p, err := s.sb.Exec(ctx, []string{"cat"}, nil)
		if err != nil {
			return err
		}
		for _, part := range [][]byte{data[:100], data[100:]} {
			if _, err := p.Stdin.Write(part); err != nil {
				return err
			}
		}
		if err := p.Stdin.Close(); err != nil {
			return err
		}
		out, _, code, err := finish(ctx, p)
		if err != nil {
			return err
		}
		return same(list{[]byte(out), code}, list{data, 0})
	})
	s.check("exec: a signal is 128 and more", func(ctx context.Context) error {
		_, _, code, err := run(ctx, s.sb, nil, "sh", "-c", "kill -TERM $$")
		if err != nil {
			return err
		}
		return same(code, 143)
	})
	s.check("exec: output that nobody wants", func(ctx context.Context) error {
		_, _, code, err := run(ctx, s.sb, &modal.SandboxExecParams{
			Stdout: modal.Ignore, Stderr: modal.Ignore},
			"sh", "-c", "seq 1 100000; exit 4")
		if err != nil {
			return err
		}
		return same(code, 4)
	})
	s.check("exec: output that is read in part", s.abandoned)
	s.check("exec: the time is up", func(ctx context.Context) error {
		began := time.Now()
		_, _, code, err := run(ctx, s.sb, &modal.SandboxExecParams{
			Timeout: time.Second}, "sleep", "100")
		var late modal.ExecTimeoutError
		if err != nil && !errors.As(err, &late) {
			return err
		}
		return same(list{err != nil || code != 0,
			time.Since(began) < 20*time.Second}, list{true, true})
	})
	s.check("exec: ten at once", s.ten)
	s.check("pty: a terminal of 24 by 80 that echoes", s.terminal)
}

// Output that is not read to its end hinders neither the program nor others.
func (s *suite) abandoned(ctx context.Context) error {
	p, err := s.sb.Exec(ctx, []string{"sh", "-c", "seq 1 100000; exit 5"},
		nil)
	if err != nil {
		return err
	}
	part := make([]byte, 4)
	if _, err := io.ReadFull(p.Stdout, part); err != nil {
		return err
	}
	if err := p.Stdout.Close(); err != nil {
		return err
	}
	code, err := p.Wait(ctx, nil)
	if err != nil {
		return err
	}
	return same(list{string(part), code}, list{"1\n2\n", 5})
}

func (s *suite) ten(ctx context.Context) error {
	var all sync.WaitGroup
	got, want := make(list, 10), make(list, 10)
	for n := range got {
		want[n] = list{fmt.Sprintf("%d\n", n), "", n, nil}
		all.Add(1)
		go func() {
			defer all.Done()
			out, errs, code, err := run(ctx, s.sb, nil, "sh", "-c",
				fmt.Sprintf("echo %d; exit %d", n, n))
			got[n] = list{out, errs, code, nil}
			if err != nil {
				got[n] = err
			}
		}()
	}
	all.Wait()
	return same(got, want)
}

func (s *suite) terminal(ctx context.Context) error {
	p, err := s.sb.Exec(ctx, []string{"sh", "-c",
		"tty; stty size; echo $TERM; read x; echo got:$x; exit 6"},
		&modal.SandboxExecParams{PTY: true})
	if err != nil {
		return err
	}
	if _, err := p.Stdin.Write([]byte("typed\r")); err != nil {
		return err
	}
	out, errs, code, err := finish(ctx, p)
	if err != nil {
		return err
	}
	got := list{regexp.MustCompile(`/dev/pts/\d`).MatchString(out)}
	for _, text := range []string{"24 80\r\n", "xterm-256color",
		"typed\r\n", "got:typed\r\n"} {
		got = append(got, strings.Contains(out, text))
	}
	return same(append(got, errs, code), list{true, true, true, true, true,
		"", 6})
}

// numbers is what `seq first last` says.
func numbers(first, last int) []byte {
	var text bytes.Buffer
	for n := first; n <= last; n++ {
		fmt.Fprintln(&text, n)
	}
	return text.Bytes()
}
