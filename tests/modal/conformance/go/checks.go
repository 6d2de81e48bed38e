package main

import (
	"fmt"
	"os"

	modal "github.com/modal-labs/modal-client/go"
)

// checks goes through them all and returns how many failed.
func checks() int {
	client, w, err := newClient(modal.ClientParams{})
	if err != nil {
		fmt.Println("FAILED", err)
		return 1
	}
	defer client.Close()
	s := &suite{Client: client, wire: w, covered: map[string]bool{},
		v2: os.Getenv("MODAL_SANDBOX_V2") != "0"}
	s.accounts()
	s.images()
	s.volumes()
	s.sandboxes()
	s.programs()
	s.streams()
	s.files()
	s.commits()
	s.ends()
	fmt.Println(s.failed, "checks failed")
	return s.failed
}
