package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"strings"

	modal "github.com/modal-labs/modal-client/go"
	pb "github.com/modal-labs/modal-client/go/proto/modal_proto"
)

const block = 8 << 20

// The client has no API for a volume's files; these are by its stub, as
// Python's client does it.

func (s *suite) put(ctx context.Context, path string, data []byte) (int,
	error) {
	var blocks []*pb.VolumePutFiles2Request_Block
	var sent [][]byte
	for at := 0; at < len(data); at += block {
		part := bytes.TrimRight(data[at:min(at+block, len(data))], "\x00")
		digest := sha256.Sum256(part)
		sent = append(sent, part)
		blocks = append(blocks, pb.VolumePutFiles2Request_Block_builder{
			ContentsSha256: digest[:]}.Build())
	}
	mode := uint32(0o644)
	request := pb.VolumePutFiles2Request_builder{
		VolumeId: s.volume.VolumeID,
		Files: []*pb.VolumePutFiles2Request_File{
			pb.VolumePutFiles2Request_File_builder{Path: path,
				Size: uint64(len(data)), Blocks: blocks, Mode: &mode,
			}.Build()}}.Build()
	answer, err := s.stub.VolumePutFiles2(ctx, request)
	if err != nil {
		return 0, err
	}
	missing := answer.GetMissingBlocks()
	for _, m := range missing {
		reply, err := transfer("PUT", m.GetPutUrl(),
			bytes.NewReader(sent[m.GetBlockIndex()]))
		if err != nil {
			return 0, err
		}
		blocks[m.GetBlockIndex()].SetPutResponse(reply)
	}
	if len(missing) == 0 {
		return 0, nil
	}
	answer, err = s.stub.VolumePutFiles2(ctx, request)
	if err != nil {
		return 0, err
	}
	return len(missing), same(len(answer.GetMissingBlocks()), 0)
}

func (s *suite) get(ctx context.Context, path string, start, size uint64) (
	[]byte, error) {
	answer, err := s.stub.VolumeGetFile2(ctx,
		pb.VolumeGetFile2Request_builder{VolumeId: s.volume.VolumeID,
			Path: path, Start: start, Len: size}.Build())
	if err != nil {
		return nil, err
	}
	var data []byte
	for _, url := range answer.GetGetUrls() {
		part, err := transfer("GET", url, nil)
		if err != nil {
			return nil, err
		}
		data = append(data, part...)
	}
	return data, nil
}

func transfer(method, url string, body io.Reader) ([]byte, error) {
	request, err := http.NewRequest(method, url, body)
	if err != nil {
		return nil, err
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer reply.Body.Close()
	if reply.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", method, reply.Status)
	}
	return io.ReadAll(reply.Body)
}

func (s *suite) holds(ctx context.Context, path string, start, size uint64,
	want []byte) error {
	data, err := s.get(ctx, path, start, size)
	if err == nil && !bytes.Equal(data, want) {
		err = fmt.Errorf("%d other bytes than the %d wanted", len(data),
			len(want))
	}
	return err
}

func random(n int) []byte {
	data := make([]byte, n)
	rand.Read(data)
	return data
}

// Of two blocks; the second ends with zeros and has some amidst.
var big = bytes.Join([][]byte{random(block + 5), make([]byte, 100),
	[]byte("end"), make([]byte, 7)}, nil)

func (s *suite) volumes() {
	s.check("volume: absent one is not found",
		func(ctx context.Context) error {
			_, err := s.Volumes.FromName(ctx, "no-such-volume", nil)
			return fails[modal.NotFoundError](err)
		})
	s.check("volume: made", func(ctx context.Context) error {
		var err error
		s.volume, err = s.Volumes.FromName(ctx, "viva-conf",
			&modal.VolumeFromNameParams{CreateIfMissing: true, Version: 2})
		if err != nil {
			return err
		}
		return same(strings.HasPrefix(s.volume.VolumeID, "vo-"), true)
	})
	s.check("volume: there, but of another version",
		func(ctx context.Context) error {
			_, err := s.Volumes.FromName(ctx, "viva-conf",
				&modal.VolumeFromNameParams{Version: 1})
			return fails[modal.InvalidError](err)
		})
	s.check("volume: put in blocks", func(ctx context.Context) error {
		n, err := s.put(ctx, "dir/big.bin", big)
		if err != nil {
			return err
		}
		return same(n, 2)
	})
	s.check("volume: read back", func(ctx context.Context) error {
		return s.holds(ctx, "dir/big.bin", 0, 0, big)
	})
	s.check("volume: read a part", func(ctx context.Context) error {
		return s.holds(ctx, "dir/big.bin", block-2, 5,
			big[block-2:block+3])
	})
	s.check("volume: list, copy, remove", s.listVolume)
	s.check("volume: among those of the account, and by its id",
		func(ctx context.Context) error {
			answer, err := s.stub.VolumeList(ctx,
				pb.VolumeListRequest_builder{
					Pagination: pb.ListPagination_builder{
						MaxObjects: 100}.Build()}.Build())
			if err != nil {
				return err
			}
			label := ""
			for _, item := range answer.GetItems() {
				if item.GetVolumeId() == s.volume.VolumeID {
					label = item.GetLabel()
				}
			}
			one, err := s.stub.VolumeGetById(ctx,
				pb.VolumeGetByIdRequest_builder{
					VolumeId: s.volume.VolumeID}.Build())
			if err != nil {
				return err
			}
			return same(list{label, one.GetMetadata().GetName()},
				list{"viva-conf", "viva-conf"})
		})
}

func (s *suite) listVolume(ctx context.Context) error {
	id := s.volume.VolumeID
	if _, err := s.stub.VolumeCopyFiles2(ctx,
		pb.VolumeCopyFiles2Request_builder{VolumeId: id,
			SrcPaths: []string{"dir/big.bin"},
			DstPath:  "copy.bin"}.Build()); err != nil {
		return err
	}
	if _, err := s.stub.VolumeRemoveFile2(ctx,
		pb.VolumeRemoveFile2Request_builder{VolumeId: id,
			Path: "copy.bin"}.Build()); err != nil {
		return err
	}
	stream, err := s.stub.VolumeListFiles2(ctx,
		pb.VolumeListFiles2Request_builder{VolumeId: id, Path: "/",
			Recursive: true}.Build())
	if err != nil {
		return err
	}
	var found list
	for {
		part, err := stream.Recv()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		for _, e := range part.GetEntries() {
			found = append(found, list{e.GetPath(), int(e.GetType()),
				int(e.GetSize())})
		}
	}
	return same(found, list{list{"dir", 2, 0},
		list{"dir/big.bin", 1, len(big)}})
}
