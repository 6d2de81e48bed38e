package main

import (
	"context"
	"io"
	"iter"
	"regexp"
	"sort"
	"time"

	modal "github.com/modal-labs/modal-client/go"
)

const name = "conf-1"

func (s *suite) sandboxes() {
	s.check("sandbox: create", func(ctx context.Context) error {
		var err error
		s.sb, err = s.Sandboxes.Create(ctx, s.app, s.image,
			&modal.SandboxCreateParams{CPU: 0.5, MemoryMiB: 512,
				Timeout: 10 * time.Minute, IdleTimeout: 5 * time.Minute,
				Name: name, Workdir: "/workspace", BlockNetwork: true,
				Env:     map[string]string{"GIVEN": "by create"},
				Tags:    map[string]string{"made": "by-conformance"},
				Volumes: map[string]*modal.Volume{"/workspace": s.volume}})
		if err != nil {
			return err
		}
		return same(!regexp.MustCompile(`^sb-[A-Za-z0-9]{22}$`).
			MatchString(s.sb.SandboxID), s.v2)
	})
	s.check("sandbox: the name is taken", func(ctx context.Context) error {
		_, err := s.Sandboxes.Create(ctx, s.app, s.image,
			&modal.SandboxCreateParams{Name: name})
		return fails[modal.AlreadyExistsError](err)
	})
	s.check("sandbox: runs", func(ctx context.Context) error {
		code, err := s.sb.Poll(ctx, nil)
		if err != nil {
			return err
		}
		return same(code, (*int)(nil))
	})
	s.check("sandbox: tags", func(ctx context.Context) error {
		first, err := s.sb.GetTags(ctx, nil)
		if err != nil {
			return err
		}
		other := map[string]string{"other": "tag"}
		if err := s.sb.SetTags(ctx, other, nil); err != nil {
			return err
		}
		second, err := s.sb.GetTags(ctx, nil)
		if err != nil {
			return err
		}
		return same(list{first, second}, list{map[string]string{
			"made": "by-conformance"}, other})
	})
	s.check("sandbox: list by app and tags", func(ctx context.Context) error {
		found, err := s.listed(ctx, map[string]string{"other": "tag"})
		if err != nil {
			return err
		}
		none, err := s.listed(ctx, map[string]string{"other": "one"})
		if err != nil {
			return err
		}
		return same(list{found, len(none)}, list{[]string{s.sb.SandboxID},
			0})
	})
	s.check("sandbox: list in pages", s.pages)
	s.check("sandbox: by its name, by its id", func(ctx context.Context) error {
		a, err := s.Sandboxes.FromName(ctx, appName, name, nil)
		if err != nil {
			return err
		}
		b, err := s.Sandboxes.FromID(ctx, s.sb.SandboxID, nil)
		if err != nil {
			return err
		}
		out, _, _, err := run(ctx, b, nil, "echo", "attached")
		if err != nil {
			return err
		}
		return same(list{a.SandboxID, out}, list{s.sb.SandboxID,
			"attached\n"})
	})
	s.check("sandbox: by the name of none", func(ctx context.Context) error {
		_, err := s.Sandboxes.FromName(ctx, appName, "conf-none", nil)
		return fails[modal.NotFoundError](err)
	})
}

func (s *suite) listed(ctx context.Context, tags map[string]string) (
	[]string, error) {
	found, err := s.Sandboxes.List(ctx, &modal.SandboxListParams{
		AppID: s.app.AppID, Tags: tags})
	if err != nil {
		return nil, err
	}
	return ids(found)
}

func ids(found iter.Seq2[*modal.Sandbox, error]) ([]string, error) {
	var all []string
	for sb, err := range found {
		if err != nil {
			return nil, err
		}
		all = append(all, sb.SandboxID)
	}
	sort.Strings(all)
	return all, nil
}

// One sandbox in an answer: the client asks for those before it.
func (s *suite) pages(ctx context.Context) error {
	defer order("/knobs", values{"page": 100}, nil)
	if err := order("/knobs", values{"page": 1}, nil); err != nil {
		return err
	}
	other, err := s.Sandboxes.Create(ctx, s.app, s.image,
		&modal.SandboxCreateParams{Timeout: time.Minute})
	if err != nil {
		return err
	}
	found, err := s.listed(ctx, nil)
	if err != nil {
		return err
	}
	if _, err := other.Terminate(ctx, nil); err != nil {
		return err
	}
	want := []string{s.sb.SandboxID, other.SandboxID}
	sort.Strings(want)
	return same(found, want)
}

// run runs a program to its end.
func run(ctx context.Context, sb *modal.Sandbox,
	params *modal.SandboxExecParams, argv ...string) (out, errors string,
	code int, err error) {
	p, err := sb.Exec(ctx, argv, params)
	if err != nil {
		return
	}
	return finish(ctx, p)
}

func finish(ctx context.Context, p *modal.ContainerProcess) (out,
	errors string, code int, err error) {
	text, err := io.ReadAll(p.Stdout)
	if err != nil {
		return
	}
	more, err := io.ReadAll(p.Stderr)
	if err != nil {
		return
	}
	code, err = p.Wait(ctx, nil)
	return string(text), string(more), code, err
}
