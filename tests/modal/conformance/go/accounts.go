package main

import (
	"bytes"
	"context"
	"log/slog"
	"regexp"
	"strings"
	"time"

	modal "github.com/modal-labs/modal-client/go"
	pb "github.com/modal-labs/modal-client/go/proto/modal_proto"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

const appName = "viva-conformance"

func (s *suite) accounts() {
	s.check("app: absent one is not found", func(ctx context.Context) error {
		_, err := s.Apps.FromName(ctx, "no-such-app", nil)
		return fails[modal.NotFoundError](err)
	})
	s.check("app: made, then the same", func(ctx context.Context) error {
		var err error
		s.app, err = s.Apps.FromName(ctx, appName,
			&modal.AppFromNameParams{CreateIfMissing: true})
		if err != nil {
			return err
		}
		again, err := s.Apps.FromName(ctx, appName, nil)
		if err != nil {
			return err
		}
		return same(again.AppID, s.app.AppID)
	})
	s.check("account: whose it is", func(ctx context.Context) error {
		answer, err := s.stub.WorkspaceNameLookup(ctx, &emptypb.Empty{})
		if err != nil {
			return err
		}
		return same(answer.GetWorkspaceName(), "fake-workspace")
	})
	s.check("account: a refused token", func(ctx context.Context) error {
		other, _, err := newClient(modal.ClientParams{})
		if err != nil {
			return err
		}
		defer other.Close()
		defer order("/knobs", values{"refuse_token": false}, nil)
		if err := order("/knobs", values{"refuse_token": true},
			nil); err != nil {
			return err
		}
		_, err = other.Apps.FromName(ctx, "x", nil)
		return same(status.Code(err), codes.Unauthenticated)
	})
	s.check("account: its token is renewed", s.renewed)
	s.check("account: a warning is told once", warned)
	s.check("control: retries, and the server's hint",
		func(ctx context.Context) error {
			if err := order("/faults", list{
				values{"rpc": "AppGetOrCreate", "code": "UNAVAILABLE"},
				values{"rpc": "AppGetOrCreate", "retry_after": 0.3,
					"code": "RESOURCE_EXHAUSTED"}}, nil); err != nil {
				return err
			}
			began := time.Now()
			if _, err := s.Apps.FromName(ctx, appName, nil); err != nil {
				return err
			}
			if err := same(time.Since(began) >= 300*time.Millisecond,
				true); err != nil {
				return err
			}
			return used()
		})
	s.check("control: what it does not try again",
		func(ctx context.Context) error {
			if err := order("/faults", values{"rpc": "AppGetOrCreate",
				"code": "RESOURCE_EXHAUSTED"}, nil); err != nil {
				return err
			}
			_, err := s.Apps.FromName(ctx, appName, nil)
			return same(status.Code(err), codes.ResourceExhausted)
		})
}

// A call that wants the token, after the first one has expired.
func (s *suite) renewed(ctx context.Context) error {
	defer order("/knobs", values{"auth_jwt_secs": 1200}, nil)
	if err := order("/knobs", values{"auth_jwt_secs": 2}, nil); err != nil {
		return err
	}
	other, w, err := newClient(modal.ClientParams{})
	if err != nil {
		return err
	}
	defer other.Close()
	if _, err := other.Apps.FromName(ctx, appName, nil); err != nil {
		return err
	}
	before, err := counts()
	if err != nil {
		return err
	}
	time.Sleep(2100 * time.Millisecond)
	if _, err := w.stub.SandboxListV2(ctx, pb.SandboxListRequest_builder{
		AppId: s.app.AppID}.Build()); err != nil {
		return err
	}
	after, err := counts()
	if err != nil {
		return err
	}
	return same(after["AuthTokenGet"] > before["AuthTokenGet"], true)
}

func warned(ctx context.Context) error {
	const text = "an old client, 100% of it"
	var log bytes.Buffer
	defer order("/knobs", values{"warning": ""}, nil)
	if err := order("/knobs", values{"warning": text}, nil); err != nil {
		return err
	}
	other, _, err := newClient(modal.ClientParams{
		Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		return err
	}
	defer other.Close()
	for range 2 {
		if _, err := other.Apps.FromName(ctx, appName, nil); err != nil {
			return err
		}
	}
	return same(strings.Count(log.String(), text), 1)
}

func (s *suite) layers() *modal.Image {
	return s.Images.FromRegistry("debian:bookworm-slim", nil).
		DockerfileCommands([]string{"RUN apt-get update"}, nil)
}

func (s *suite) images() {
	s.check("image: two layers are built", func(ctx context.Context) error {
		var err error
		s.image, err = s.layers().Build(ctx, s.app, nil)
		if err != nil {
			return err
		}
		return same(regexp.MustCompile(`^im-[A-Za-z0-9]{22}$`).
			MatchString(s.image.ImageID), true)
	})
	s.check("image: the second time it is there",
		func(ctx context.Context) error {
			before, err := counts()
			if err != nil {
				return err
			}
			again, err := s.layers().Build(ctx, s.app, nil)
			if err != nil {
				return err
			}
			after, err := counts()
			if err != nil {
				return err
			}
			return same(list{again.ImageID, after["ImageJoinStreaming"]},
				list{s.image.ImageID, before["ImageJoinStreaming"]})
		})
	s.check("image: log of the build, resumed by entry id", s.buildLog)
	s.check("image: a build that fails", func(ctx context.Context) error {
		if err := order("/knobs", values{"build_fails": "break-here"},
			nil); err != nil {
			return err
		}
		_, err := s.Images.FromRegistry("x:y", nil).DockerfileCommands(
			[]string{"RUN break-here"}, nil).Build(ctx, s.app, nil)
		return fails[modal.RemoteError](err)
	})
	s.check("image: by its id", func(ctx context.Context) error {
		found, err := s.Images.FromID(ctx, s.image.ImageID, nil)
		if err != nil {
			return err
		}
		return same(found.ImageID, s.image.ImageID)
	})
	s.check("image: an id of none", func(ctx context.Context) error {
		_, err := s.Images.FromID(ctx, "im-"+strings.Repeat("1", 22), nil)
		return fails[modal.NotFoundError](err)
	})
	s.check("image: a line on a ready one", func(ctx context.Context) error {
		ready, err := s.Images.FromID(ctx, "im-"+strings.Repeat("0", 22),
			nil)
		if err != nil {
			return err
		}
		more, err := ready.DockerfileCommands([]string{"RUN more"}, nil).
			Build(ctx, s.app, nil)
		if err != nil {
			return err
		}
		return same(more.ImageID != ready.ImageID, true)
	})
}

func (s *suite) buildLog(ctx context.Context) error {
	hold := func(on bool) error {
		return order("/knobs", values{"build_holds": on}, nil)
	}
	if err := hold(true); err != nil {
		return err
	}
	made, err := s.stub.ImageGetOrCreate(ctx,
		pb.ImageGetOrCreateRequest_builder{AppId: s.app.AppID,
			Image: pb.Image_builder{DockerfileCommands: []string{
				"FROM scratch", "RUN x"}}.Build(),
			BuilderVersion: "2025.06"}.Build())
	if err != nil {
		return err
	}
	text, last, rounds := "", "", 0
	var result *pb.GenericResult
	for result.GetStatus() == 0 {
		rounds++
		stream, err := s.stub.ImageJoinStreaming(ctx,
			pb.ImageJoinStreamingRequest_builder{
				ImageId: made.GetImageId(), Timeout: 0.05,
				LastEntryId: last, IncludeLogsForFinished: true,
			}.Build())
		if err != nil {
			return err
		}
		for {
			part, err := stream.Recv()
			if err != nil {
				break
			}
			for _, line := range part.GetTaskLogs() {
				text += line.GetData()
			}
			if part.GetEntryId() != "" {
				last = part.GetEntryId()
			}
			result = part.GetResult()
		}
		if err := hold(false); err != nil {
			return err
		}
	}
	return same(list{regexp.MustCompile(`Step \d`).FindAllString(text, -1),
		rounds > 1, int(result.GetStatus())},
		list{[]string{"Step 1", "Step 2"}, true, 1})
}
