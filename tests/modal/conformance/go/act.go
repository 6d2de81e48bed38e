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

// act does what act.mjs does, and prints the milliseconds until the shell's
// first output and until the end.
func act() error {
	began := time.Now()
	prompt, err := interview(began)
	if err != nil {
		fmt.Fprintln(os.Stderr, "act:", err)
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]int64{
		"prompt_ms": prompt.Milliseconds(),
		"all_ms":    time.Since(began).Milliseconds()})
}

func interview(began time.Time) (prompt time.Duration, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	client, _, err := newClient(modal.ClientParams{})
	if err != nil {
		return
	}
	defer client.Close()
	sb, err := begin(ctx, client)
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
func begin(ctx context.Context, client *modal.Client) (*modal.Sandbox,
	error) {
	app, err := client.Apps.FromName(ctx, "viva",
		&modal.AppFromNameParams{CreateIfMissing: true})
	if err != nil {
		return nil, err
	}
	image := client.Images.FromRegistry("debian:bookworm-slim", nil)
	built := make(chan error, 1)
	go func() {
		_, err := image.Build(ctx, app, nil)
		built <- err
	}()
	volume, err := client.Volumes.FromName(ctx, "viva-act-one",
		&modal.VolumeFromNameParams{CreateIfMissing: true, Version: 2})
	if e := <-built; err == nil {
		err = e
	}
	if err != nil {
		return nil, err
	}
	return client.Sandboxes.Create(ctx, app, image,
		&modal.SandboxCreateParams{CPU: 1, MemoryMiB: 2048,
			Timeout: 4 * time.Hour, Name: "viva-act-one",
			Tags:         map[string]string{"viva": "session"},
			BlockNetwork: true, Command: []string{"sleep", "infinity"},
			Volumes: map[string]*modal.Volume{"/workspace": volume}})
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
