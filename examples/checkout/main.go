// Command checkout is a small order service: the example that Bowline releases.
package main

import (
	"context"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	log.SetFlags(0)
	if err := run(":8080"); err != nil {
		log.Fatalf("checkout: %v", err)
	}
}

// run serves at the address until SIGTERM.
func run(address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	return serve(listener)
}

// serve answers until SIGTERM, then lets the requests in flight finish.
func serve(listener net.Listener) error {
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer cancel()

	server := &http.Server{Handler: routes(&shop{}), ReadHeaderTimeout: 5 * time.Second}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	log.Printf("checkout: serving on %s", listener.Addr())

	select {
	case err := <-done:
		return err
	case <-stop.Done():
		drain, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		return server.Shutdown(drain)
	}
}
