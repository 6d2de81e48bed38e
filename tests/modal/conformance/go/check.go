package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"reflect"
	"time"

	modal "github.com/modal-labs/modal-client/go"
)

const patience = 60 * time.Second

type suite struct {
	*modal.Client
	*wire
	v2      bool
	failed  int
	covered map[string]bool

	app    *modal.App
	image  *modal.Image
	volume *modal.Volume
	sb     *modal.Sandbox
}

// check runs one check and says how it went.
func (s *suite) check(what string, run func(ctx context.Context) error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		defer func() {
			if e := recover(); e != nil {
				done <- fmt.Errorf("panic: %v", e)
			}
		}()
		done <- run(ctx)
	}()
	var err error
	select {
	case err = <-done:
	case <-time.After(patience + time.Second):
		err = fmt.Errorf("no answer in %v", patience)
	}
	if err == nil {
		err = s.cover(what)
	}
	if err != nil {
		s.failed++
		fmt.Printf("FAILED %s: %v\n", what, err)
	} else {
		fmt.Println("ok    ", what)
	}
}

// cover notes the calls that a check was the first to make.
func (s *suite) cover(what string) error {
	path := os.Getenv("COVERAGE")
	if path == "" {
		return nil
	}
	var log state
	if err := order("/log", nil, &log); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	for rpc := range log.Counts {
		if !s.covered[rpc] {
			fmt.Fprintf(f, "%s check %s\n", rpc, what)
			s.covered[rpc] = true
		}
	}
	return nil
}

// state is what /log and /state tell, as far as it is of use here.
type state struct {
	Counts  map[string]int
	Unknown []string
	Net     map[string]struct{ Cut, Breaks int }
}

type values map[string]any

// order speaks to the fake's control port.
func order(path string, value, answer any) error {
	method, body := "GET", io.Reader(nil)
	if value != nil {
		text, err := json.Marshal(value)
		if err != nil {
			return err
		}
		method, body = "POST", bytes.NewReader(text)
	}
	request, err := http.NewRequest(method,
		os.Getenv("FAKE_MODAL_KNOBS")+path, body)
	if err != nil {
		return err
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		return err
	}
	if reply.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", path, text)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(text, answer)
}

func counts() (map[string]int, error) {
	var log state
	err := order("/log", nil, &log)
	return log.Counts, err
}

// used: all faults that were ordered have happened.
func used() error {
	var left []any
	if err := order("/faults", nil, &left); err != nil {
		return err
	}
	return same(len(left), 0)
}

func same(got, want any) error {
	if reflect.DeepEqual(got, want) {
		return nil
	}
	return fmt.Errorf("got %s, want %s", short(got), short(want))
}

func short(value any) string {
	text := fmt.Sprintf("%#v", value)
	if len(text) > 300 {
		text = text[:300] + "..."
	}
	return text
}

// fails: the error is of the kind that the client has for this.
func fails[E error](err error) error {
	var wanted E
	if errors.As(err, &wanted) {
		return nil
	}
	return fmt.Errorf("got %v, want %T", err, wanted)
}

type list []any
