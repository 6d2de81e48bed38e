package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"time"

	modal "github.com/modal-labs/modal-client/go"
)

const actName = "viva-act-one"

// act does what act.mjs does, and prints the milliseconds until the shell's
// first output and until the end; with ACT_MORE what act.c does then.
func act() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	began := time.Now()
	client, _, err := newClient(modal.ClientParams{})
	if err != nil {
		return err
	}
	defer client.Close()
	var prompt time.Duration
	if os.Getenv("ACT_MORE") != "" {
		err = another(ctx, client)
	} else {
		prompt, err = interview(ctx, client, began)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "act:", err)
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]int64{
		"prompt_ms": prompt.Milliseconds(),
		"all_ms":    time.Since(began).Milliseconds()})
}

func interview(ctx context.Context, client *modal.Client, began time.Time) (
	prompt time.Duration, err error) {
	_, sb, err := begin(ctx, client, &modal.SandboxCreateParams{
		BlockNetwork: true},
		func() (*modal.Volume, error) {
			return client.Volumes.FromName(ctx, actName,
				&modal.VolumeFromNameParams{CreateIfMissing: true,
					Version: 2})
		})
	if err != nil {
		return
	}
	shell, err := sb.Exec(ctx, []string{"bash", "--norc", "-i"},
		&modal.SandboxExecParams{PTY: true, Workdir: "/workspace"})
	if err != nil {
		return
	}
	text, err := until(shell.Stdout, "", "")
	if err != nil {
		return
	}
	prompt = time.Since(began)
	if _, err = io.WriteString(shell.Stdin, "echo o''k\r"); err != nil {
		return
	}
	if _, err = until(shell.Stdout, text, "ok\r\n"); err != nil {
		return
	}
	if err = sb.Filesystem.WriteText(ctx, "print(42)\n",
		"/workspace/solution.py", nil); err != nil {
		return
	}
	sync, err := sb.Exec(ctx, []string{"sync", "/workspace"},
		&modal.SandboxExecParams{Workdir: "/"})
	if err != nil {
		return
	}
	if _, err = sync.Wait(ctx, nil); err != nil {
		return
	}
	if _, _, _, err = run(ctx, sb, &modal.SandboxExecParams{
		Workdir: "/workspace"}, "sh", "-c", "echo out"); err != nil {
		return
	}
	if _, err = io.WriteString(shell.Stdin, "exit 3\r"); err != nil {
		return
	}
	if _, err = shell.Wait(ctx, nil); err != nil {
		return
	}
	_, err = sb.Terminate(ctx, nil)
	return
}

// begin: app, image and volume at once, then the sandbox.
func begin(ctx context.Context, client *modal.Client,
	params *modal.SandboxCreateParams,
	makeVolume func() (*modal.Volume, error)) (*modal.App, *modal.Sandbox,
	error) {
	app, err := client.Apps.FromName(ctx, "viva",
		&modal.AppFromNameParams{CreateIfMissing: true})
	if err != nil {
		return nil, nil, err
	}
	image := client.Images.FromRegistry("debian:bookworm-slim", nil)
	built := make(chan error, 1)
	go func() {
		_, err := image.Build(ctx, app, nil)
		built <- err
	}()
	volume, err := makeVolume()
	if e := <-built; err == nil {
		err = e
	}
	if err != nil {
		return nil, nil, err
	}
	params.CPU, params.MemoryMiB, params.Timeout = 1, 2048, 4*time.Hour
	params.Name = actName
	params.Tags = map[string]string{"viva": "session"}
	params.Command = []string{"sleep", "infinity"}
	params.Volumes = map[string]*modal.Volume{"/workspace": volume}
	sb, err := client.Sandboxes.Create(ctx, app, image, params)
	return app, sb, err
}

// another has a volume that goes with it and a little of the network; it is
// found by its name, and listed.
func another(ctx context.Context, client *modal.Client) error {
	app, _, err := begin(ctx, client, &modal.SandboxCreateParams{
		IdleTimeout: 10 * time.Minute,
		OutboundDomainAllowlist: &modal.Allowlist{
			Entries: []string{"pypi.org", "*.debian.org"}}},
		func() (*modal.Volume, error) {
			return client.Volumes.Ephemeral(ctx, nil)
		})
	if err != nil {
		return err
	}
	found, err := client.Sandboxes.FromName(ctx, "viva", actName, nil)
	if err != nil {
		return err
	}
	if _, _, _, err := run(ctx, found, nil, "true"); err != nil {
		return err
	}
	for _, tags := range []map[string]string{nil, {"viva": "session"}} {
		listed, err := client.Sandboxes.List(ctx,
			&modal.SandboxListParams{AppID: app.AppID, Tags: tags})
		if err != nil {
			return err
		}
		if _, err := ids(listed); err != nil {
			return err
		}
	}
	_, err = found.Terminate(ctx, nil)
	return err
}

// until reads on until the text has this; "": until there is any.
func until(from io.Reader, text, wanted string) (string, error) {
	part := make([]byte, math.MaxUint16)
	for text == "" || !strings.Contains(text, wanted) {
		n, err := from.Read(part)
		if err != nil {
			return text, err
		}
		text += string(part[:n])
	}
	return text, nil
}
