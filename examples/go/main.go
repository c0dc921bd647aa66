// A small real server in Go, run behind sluice. See README.md.
//
// It is the classic hot-upgrade server (SIGUSR2, fork/exec, LISTENER_FD, Shutdown) done the sluice way: no file
// descriptor is passed and nothing is executed anew. SIGUSR2 reads the configuration; a new version is a new process in
// the other slot, and sluice moves the traffic when that one is ready.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"sluice"
)

// baked can be set at build time: go build -ldflags "-X main.baked=v2".
var baked = "v1"

type app struct {
	version  string
	greeting atomic.Value  // string
	going    chan struct{} // closed when the server stops: streams and WebSockets have no end of their own
	sockets  sync.WaitGroup
	server   *http.Server
}

func main() {
	a := &app{version: valueOr("VERSION", baked), going: make(chan struct{})}
	a.greeting.Store(valueOr("GREETING", "hello"))
	a.server = &http.Server{Handler: a.routes(), ReadHeaderTimeout: 10 * time.Second}

	// Handlers first. What the classic server forked on, this one reloads on; `sluice reload` does the same and hears the outcome.
	usr2 := make(chan os.Signal, 1)
	signal.Notify(usr2, syscall.SIGUSR2)
	go func() {
		for range usr2 {
			if err := a.reload(); err != nil {
				log.Printf("%s: reload failed: %v", a.version, err)
			}
		}
	}()
	side, err := sluice.Connect(sluice.Options{Version: a.version, OnStop: a.stop, OnReload: a.reload, Signals: []string{"SIGUSR2"}})
	if err != nil {
		log.Fatal(err)
	}

	listener, err := net.Listen("tcp", "127.0.0.1:"+valueOr("PORT", "8081"))
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("%s: listening on %s", a.version, listener.Addr())
	side.Ready() // the port is bound: whoever connects from now on is served
	if err := a.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
	// Serve returns when Shutdown begins. Returning from main here would cut what is in flight.
	if err := side.Wait(); err != nil {
		log.Fatal(err)
	}
	log.Printf("%s: all done", a.version)
}

// stop finishes what is in flight. Shutdown waits for requests, but knows nothing of hijacked connections: these are told here.
func (a *app) stop() error {
	log.Printf("%s: stopping", a.version)
	close(a.going)
	err := a.server.Shutdown(context.Background()) // no deadline of its own: sluice and the kubelet have one
	a.sockets.Wait()
	return err
}

func (a *app) reload() error {
	if path := os.Getenv("CONFIG"); path != "" {
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var config struct{ Greeting string }
		if err := json.Unmarshal(content, &config); err != nil {
			return err
		}
		a.greeting.Store(config.Greeting)
	}
	log.Printf("%s: configuration read, greeting is %s", a.version, a.greeting.Load())
	return nil
}

func (a *app) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		answer(w, map[string]any{"version": a.version, "pid": os.Getpid(), "slot": os.Getenv("SLUICE_SLOT"), "greeting": a.greeting.Load()})
	})
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, r *http.Request) { answer(w, map[string]any{"ok": true}) })
	mux.HandleFunc("/echo", a.echo)
	mux.HandleFunc("/slow", a.slow)
	mux.HandleFunc("/stream", a.stream)
	mux.HandleFunc("/ws", a.ws)
	return mux
}

// echo answers with the body, as it comes.
func (a *app) echo(w http.ResponseWriter, r *http.Request) {
	_ = http.NewResponseController(w).EnableFullDuplex() // else HTTP/1.1 reads the whole body before it answers
	w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
	_, _ = io.Copy(w, r.Body)
}

// slow answers after ?ms= milliseconds.
func (a *app) slow(w http.ResponseWriter, r *http.Request) {
	ms, err := strconv.Atoi(r.FormValue("ms"))
	if err != nil {
		ms = 5000
	}
	select {
	case <-time.After(time.Duration(min(ms, 600_000)) * time.Millisecond):
		answer(w, map[string]any{"version": a.version, "pid": os.Getpid(), "slept": ms})
	case <-r.Context().Done(): // the client has left
	}
}

// stream sends server-sent events, one every 200 ms.
func (a *app) stream(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	_ = http.NewResponseController(w).Flush()
	for id := 1; ; id++ {
		select {
		case <-ticker.C:
			fmt.Fprintf(w, "id: %d\ndata: {\"version\":%q,\"id\":%d}\n\n", id, a.version, id)
			_ = http.NewResponseController(w).Flush()
		case <-a.going:
			fmt.Fprint(w, "event: bye\ndata: going away\n\n")
			return
		case <-r.Context().Done():
			return
		}
	}
}

// ws sends every message back, and 1001 when the server stops.
func (a *app) ws(w http.ResponseWriter, r *http.Request) {
	a.sockets.Add(1)
	defer a.sockets.Done()
	socket, err := acceptWebSocket(w, r)
	if err != nil {
		return
	}
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		select {
		case <-a.going:
			socket.close(1001, "going away")
		case <-ended:
		}
	}()
	socket.serve(socket.write)
}

func answer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value)
}

func valueOr(name, fallback string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return fallback
}
