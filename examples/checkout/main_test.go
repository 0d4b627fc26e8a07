package main

import (
	"net"
	"net/http"
	"syscall"
	"testing"
)

// The service must end by itself on SIGTERM, or a rollout would lose the requests in flight.
func TestServeAnswersUntilSIGTERM(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- serve(listener) }()

	response, err := http.Get("http://" + listener.Addr().String() + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestRunNamesAnAddressThatCannotBeUsed(t *testing.T) {
	if err := run("not an address"); err == nil {
		t.Error("no error for an address that cannot be used")
	}
}
