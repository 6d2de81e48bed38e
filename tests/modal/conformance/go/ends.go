package main

import (
	"bufio"
	"context"
	"io"
	"time"

	modal "github.com/modal-labs/modal-client/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func (s *suite) commits() {
	fs := s.sb.Filesystem
	s.check("sync: what a program writes is on the volume",
		func(ctx context.Context) error {
			if err := fs.WriteText(ctx, "from inside",
				"/workspace/in.txt", nil); err != nil {
				return err
			}
			_, _, code, err := run(ctx, s.sb, &modal.SandboxExecParams{
				Workdir: "/"}, "sync", "/workspace")
			if err != nil {
				return err
			}
			if err := same(code, 0); err != nil {
				return err
			}
			return s.holds(ctx, "in.txt", 0, 0, []byte("from inside"))
		})
	s.check("reload: busy while a program is there", s.busy)
	s.check("reload: what was put is in the sandbox",
		func(ctx context.Context) error {
			if _, err := s.put(ctx, "from-outside",
				[]byte("outside")); err != nil {
				return err
			}
			if err := s.sb.ReloadVolumes(ctx, nil); err != nil {
				return err
			}
			text, err := fs.ReadText(ctx, "/workspace/from-outside", nil)
			if err != nil {
				return err
			}
			return same(text, "outside")
		})
	s.check("volume: mounted in part, to be read only", s.partOnly)
}

func (s *suite) busy(ctx context.Context) error {
	p, err := s.sb.Exec(ctx, []string{"sh", "-c", "echo in; read x"},
		&modal.SandboxExecParams{Workdir: "/workspace"})
	if err != nil {
		return err
	}
	if _, err := bufio.NewReader(p.Stdout).ReadString('\n'); err != nil {
		return err
	}
	refused := s.sb.ReloadVolumes(ctx, nil)
	if err := p.Stdin.Close(); err != nil {
		return err
	}
	if _, err := p.Wait(ctx, nil); err != nil {
		return err
	}
	return same(status.Code(refused), codes.FailedPrecondition)
}

func (s *suite) partOnly(ctx context.Context) error {
	yes, part := true, "dir"
	other, err := s.Sandboxes.Create(ctx, s.app, s.image,
		&modal.SandboxCreateParams{Timeout: time.Minute,
			Volumes: map[string]*modal.Volume{
				"/mnt/part": s.volume.WithMountOptions(
					&modal.VolumeMountOptionsParams{ReadOnly: &yes,
						SubPath: &part})}})
	if err != nil {
		return err
	}
	defer other.Terminate(ctx, nil)
	out, _, _, err := run(ctx, other, nil, "sh", "-c",
		"ls /mnt/part; touch /mnt/part/x 2>/dev/null || echo no")
	if err != nil {
		return err
	}
	return same(out, "big.bin\nno\n")
}

func (s *suite) ends() {
	s.check("sandbox: one more, and its own command",
		func(ctx context.Context) error {
			return s.endsBy(ctx, &modal.SandboxCreateParams{
				Command: []string{"sh", "-c", "exit 9"},
				Timeout: time.Minute, BlockNetwork: true}, 9)
		})
	s.check("sandbox: what its own command reads and says", s.own)
	s.check("sandbox: its time is up", func(ctx context.Context) error {
		return s.endsBy(ctx, &modal.SandboxCreateParams{
			Timeout: time.Second}, 124)
	})
	s.check("sandbox: nothing ran in it for too long",
		func(ctx context.Context) error {
			return s.endsBy(ctx, &modal.SandboxCreateParams{
				Timeout:     time.Minute,
				IdleTimeout: time.Second}, 0)
		})
	s.check("jwt: a new one when the old ends", s.newKey)
	s.check("sandbox: terminate", func(ctx context.Context) error {
		code, err := s.sb.Terminate(ctx,
			&modal.SandboxTerminateParams{Wait: true})
		if err != nil {
			return err
		}
		return same(code, 137)
	})
	s.check("sandbox: its last commit", func(ctx context.Context) error {
		return s.holds(ctx, "sub/a.txt", 0, 0, []byte("some text\n"))
	})
	s.check("sandbox: then there is none of the name",
		func(ctx context.Context) error {
			_, err := s.Sandboxes.FromName(ctx, appName, name, nil)
			return fails[modal.NotFoundError](err)
		})
	s.check("files: error: the sandbox has ended",
		func(ctx context.Context) error {
			_, err := s.sb.Filesystem.ReadText(ctx, "/workspace/x", nil)
			return fails[modal.NotFoundError](err)
		})
	if s.v2 {
		s.check("sandbox: by its name when it has ended",
			func(ctx context.Context) error {
				sb, err := s.Sandboxes.FromName(ctx, appName, name,
					&modal.SandboxFromNameParams{
						IncludeTerminated: true})
				if err != nil {
					return err
				}
				return same(sb.SandboxID, s.sb.SandboxID)
			})
	}
	s.check("ephemeral volume: is mounted", s.ephemeral)
	s.check("volume: delete", func(ctx context.Context) error {
		if err := s.Volumes.Delete(ctx, "viva-conf", nil); err != nil {
			return err
		}
		_, err := s.Volumes.FromName(ctx, "viva-conf", nil)
		return fails[modal.NotFoundError](err)
	})
	s.check("protocol: no RPC that the fake lacks",
		func(ctx context.Context) error {
			var log state
			if err := order("/log", nil, &log); err != nil {
				return err
			}
			return same(log.Unknown, []string{})
		})
}

func (s *suite) endsBy(ctx context.Context, params *modal.SandboxCreateParams,
	want int) error {
	other, err := s.Sandboxes.Create(ctx, s.app, s.image, params)
	if err != nil {
		return err
	}
	code, err := other.Wait(ctx, nil)
	if err != nil {
		return err
	}
	again, err := other.Poll(ctx, nil)
	if err != nil {
		return err
	}
	return same(list{code, *again}, list{want, want})
}

func (s *suite) own(ctx context.Context) error {
	other, err := s.Sandboxes.Create(ctx, s.app, s.image,
		&modal.SandboxCreateParams{Timeout: time.Minute,
			Command: []string{"sh", "-c",
				"read x; echo $x; cat; echo err >&2; exit 7"}})
	if err != nil {
		return err
	}
	for _, text := range []string{"one\n", "two\n"} {
		if _, err := io.WriteString(other.Stdin, text); err != nil {
			return err
		}
	}
	if err := other.Stdin.Close(); err != nil {
		return err
	}
	out, err := io.ReadAll(other.Stdout)
	if err != nil {
		return err
	}
	errs, err := io.ReadAll(other.Stderr)
	if err != nil {
		return err
	}
	code, err := other.Wait(ctx, nil)
	if err != nil {
		return err
	}
	return same(list{string(out), string(errs), code},
		list{"one\ntwo\n", "err\n", 7})
}

func (s *suite) newKey(ctx context.Context) error {
	usual := values{"router_jwt_secs": 1200, "clock_secs": 0}
	defer order("/knobs", usual, nil)
	// Over for the client from the beginning, for the server then.
	if err := order("/knobs", values{"router_jwt_secs": 60,
		"clock_secs": -120}, nil); err != nil {
		return err
	}
	other, err := s.Sandboxes.Create(ctx, s.app, s.image,
		&modal.SandboxCreateParams{Timeout: time.Minute})
	if err != nil {
		return err
	}
	if _, _, _, err := run(ctx, other, nil, "true"); err != nil {
		return err
	}
	if err := order("/knobs", usual, nil); err != nil {
		return err
	}
	out, _, _, err := run(ctx, other, nil, "echo", "let in")
	if err != nil {
		return err
	}
	if _, err := other.Terminate(ctx, nil); err != nil {
		return err
	}
	return same(out, "let in\n")
}

func (s *suite) ephemeral(ctx context.Context) error {
	own, err := s.Volumes.Ephemeral(ctx, nil)
	if err != nil {
		return err
	}
	defer own.CloseEphemeral()
	other, err := s.Sandboxes.Create(ctx, s.app, s.image,
		&modal.SandboxCreateParams{Timeout: time.Minute,
			Volumes: map[string]*modal.Volume{"/mnt/e": own}})
	if err != nil {
		return err
	}
	out, _, _, err := run(ctx, other, nil, "sh", "-c",
		"echo x > /mnt/e/f; cat /mnt/e/f")
	if err != nil {
		return err
	}
	if _, err := other.Terminate(ctx, nil); err != nil {
		return err
	}
	return same(out, "x\n")
}
