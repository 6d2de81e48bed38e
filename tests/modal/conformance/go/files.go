package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"

	modal "github.com/modal-labs/modal-client/go"
)

func (s *suite) files() {
	fs := s.sb.Filesystem
	s.check("files: text", func(ctx context.Context) error {
		const path = "/workspace/sub/a.txt"
		if err := fs.WriteText(ctx, "some text\n", path, nil); err != nil {
			return err
		}
		text, err := fs.ReadText(ctx, path, nil)
		if err != nil {
			return err
		}
		return same(text, "some text\n")
	})
	s.check("files: bytes", func(ctx context.Context) error {
		return s.written(ctx, "/workspace/b.bin", random(3<<20))
	})
	s.check("files: a write that breaks, no byte twice",
		func(ctx context.Context) error {
			if err := order("/faults", list{
				values{"rpc": "TaskExecStdinWriteStream",
					"code": "UNAVAILABLE"},
				values{"rpc": "TaskExecStdinWriteStream",
					"code": "UNAVAILABLE", "after_bytes": 1000000},
				values{"rpc": "TaskExecStdinWriteStream",
					"code": "UNAVAILABLE", "after": true}},
				nil); err != nil {
				return err
			}
			if err := s.written(ctx, "/workspace/broken.bin",
				random(3<<20)); err != nil {
				return err
			}
			return used()
		})
	s.check("files: to and from this machine", s.copied)
	s.check("files: what was on the volume", func(ctx context.Context) error {
		data, err := fs.ReadBytes(ctx, "/workspace/dir/big.bin", nil)
		if err != nil {
			return err
		}
		return same(bytes.Equal(data, big), true)
	})
	s.check("files: list", func(ctx context.Context) error {
		found, err := fs.ListFiles(ctx, "/workspace/sub", nil)
		if err != nil {
			return err
		}
		if err := same(len(found), 1); err != nil {
			return err
		}
		f := found[0]
		return same(list{f.Name, f.Path, f.Type, f.Size, f.Mode,
			f.Permissions, f.ModifiedTime > 1e9, f.SymlinkTarget == nil},
			list{"a.txt", "/workspace/sub/a.txt", modal.FileTypeFile,
				int64(10), uint32(0o644), "rw-r--r--", true, true})
	})
	s.check("files: stat of a link", func(ctx context.Context) error {
		if _, _, _, err := run(ctx, s.sb, nil, "ln", "-s", "a.txt",
			"/workspace/sub/l"); err != nil {
			return err
		}
		f, err := fs.Stat(ctx, "/workspace/sub/l", nil)
		if err != nil {
			return err
		}
		return same(list{f.Type, *f.SymlinkTarget},
			list{modal.FileTypeSymlink, "a.txt"})
	})
	s.check("files: make directories, remove", func(ctx context.Context) error {
		if err := fs.MakeDirectory(ctx, "/workspace/x/y", nil); err != nil {
			return err
		}
		if err := fs.Remove(ctx, "/workspace/x",
			&modal.SandboxFilesystemRemoveParams{
				Recursive: true}); err != nil {
			return err
		}
		_, err := fs.Stat(ctx, "/workspace/x", nil)
		return fails[modal.SandboxFilesystemNotFoundError](err)
	})
	s.fileErrors()
	s.check("files: watch", s.watched)
}

func (s *suite) written(ctx context.Context, path string, data []byte) error {
	fs := s.sb.Filesystem
	if err := fs.WriteBytes(ctx, data, path, nil); err != nil {
		return err
	}
	read, err := fs.ReadBytes(ctx, path, nil)
	if err != nil {
		return err
	}
	return same(bytes.Equal(read, data), true)
}

func (s *suite) copied(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "viva-conf.")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	data := random(100000)
	here, back := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	if err := os.WriteFile(here, data, 0o644); err != nil {
		return err
	}
	fs := s.sb.Filesystem
	if err := fs.CopyFromLocal(ctx, here, "/workspace/c", nil); err != nil {
		return err
	}
	if err := fs.CopyToLocal(ctx, "/workspace/c", back, nil); err != nil {
		return err
	}
	read, err := os.ReadFile(back)
	if err != nil {
		return err
	}
	return same(bytes.Equal(read, data), true)
}

func (s *suite) fileErrors() {
	fs, no := s.sb.Filesystem, false
	s.check("files: error: not found", func(ctx context.Context) error {
		_, err := fs.ReadText(ctx, "/workspace/no", nil)
		return fails[modal.SandboxFilesystemNotFoundError](err)
	})
	s.check("files: error: is a directory", func(ctx context.Context) error {
		_, err := fs.ReadText(ctx, "/workspace", nil)
		return fails[modal.SandboxFilesystemIsADirectoryError](err)
	})
	// The tool has ended before it took all of it.
	s.check("files: error: is a directory, when much is written",
		func(ctx context.Context) error {
			err := fs.WriteBytes(ctx, random(3<<20), "/workspace", nil)
			return fails[modal.SandboxFilesystemIsADirectoryError](err)
		})
	s.check("files: error: a parent is a file",
		func(ctx context.Context) error {
			err := fs.WriteText(ctx, "x", "/workspace/sub/a.txt/b", nil)
			return fails[modal.SandboxFilesystemNotADirectoryError](err)
		})
	s.check("files: error: not empty", func(ctx context.Context) error {
		err := fs.Remove(ctx, "/workspace/sub", nil)
		return fails[modal.SandboxFilesystemDirectoryNotEmptyError](err)
	})
	s.check("files: error: is there", func(ctx context.Context) error {
		err := fs.MakeDirectory(ctx, "/workspace/sub",
			&modal.SandboxFilesystemMakeDirectoryParams{
				CreateParents: &no})
		return fails[modal.SandboxFilesystemPathAlreadyExistsError](err)
	})
}

func (s *suite) watched(ctx context.Context) error {
	fs := s.sb.Filesystem
	p, err := s.sb.Exec(ctx, []string{"sh", "-c",
		"while [ ! -e /workspace/.seen ]; do " +
			"echo x > /workspace/sub/watched; sleep 0.05; done"}, nil)
	if err != nil {
		return err
	}
	events, err := fs.Watch(ctx, "/workspace",
		&modal.SandboxFilesystemWatchParams{Recursive: true,
			Filter: []modal.FileWatchEventType{
				modal.FileWatchEventTypeModify}})
	if err != nil {
		return err
	}
	for event, err := range events {
		if err != nil {
			return err
		}
		if err := same(event.EventType,
			modal.FileWatchEventTypeModify); err != nil {
			return err
		}
		if event.Paths[0] == "/workspace/sub/watched" {
			break
		}
	}
	if err := fs.WriteText(ctx, "", "/workspace/.seen", nil); err != nil {
		return err
	}
	code, err := p.Wait(ctx, nil)
	if err != nil {
		return err
	}
	return same(code, 0)
}
