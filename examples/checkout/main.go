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
	listener, err := net.Listen("tcp", ":8080")
	if err != nil {
		log.Fatalf("checkout: %v", err)
	}
	if err := serve(listener); err != nil {
		log.Fatalf("checkout: %v", err)
	}
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
